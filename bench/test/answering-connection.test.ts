import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { AnsweringConnection } from '../server/answering-connection.ts'

const request = Buffer.from('POST /graphql HTTP/1.1\r\nHost: test\r\n\r\n')
const answerOf = (body: string) =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** A server that answers each request by hand, so that a test decides what comes and how it is cut. */
async function withServer(
  answer: (socket: Socket) => void,
  use: (connection: AnsweringConnection) => Promise<void>,
): Promise<void> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connection = new AnsweringConnection({ host: '127.0.0.1', port, expected: '"errors":[]' })
  try {
    await use(connection)
  } finally {
    connection.close()
    server.close()
  }
}

test('takes an answer however its bytes are cut, one after the other, and beyond ASCII', async () => {
  const bytes = Buffer.from(answerOf('{"title":"Grüße","errors":[]}'))
  const cutAnywhere = (socket: Socket) => {
    const at = 1 + Math.floor(Math.random() * (bytes.length - 2))
    socket.write(bytes.subarray(0, at))
    setImmediate(() => socket.write(bytes.subarray(at)))
  }
  await withServer(cutAnywhere, async (connection) => {
    for (let i = 0; i < 50; i++) await connection.exchange(request)
  })
})

test('refuses to count what is not the answer that was expected, and everything after it', async () => {
  for (const wrong of [
    answerOf('{"errors":[{"message":"out of stock"}]}'),
    'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    `${answerOf('{"errors":[]}')}HTTP/1.1 200 OK\r\n`,
  ]) {
    await withServer(
      (socket) => socket.write(wrong),
      async (connection) => {
        await assert.rejects(connection.exchange(request), /expected/, wrong)
        await assert.rejects(connection.exchange(request), /expected/)
      },
    )
  }
})

test('says so when the server hangs up', async () => {
  await withServer(
    (socket) => socket.destroy(),
    (connection) => assert.rejects(connection.exchange(request), /closed the connection/),
  )
})
