import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { Connection } from '../http/connection.ts'

const request = Buffer.from('GET / HTTP/1.1\r\nHost: test\r\n\r\n')
const response = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** A server that is told how many requests have arrived, whole, and answers by hand, so that a test decides how the bytes are cut. */
async function withServer(
  answer: (socket: Socket, requests: number) => void,
  use: (connect: (depth: number) => Connection) => Promise<void>,
): Promise<void> {
  const connections: Connection[] = []
  const server = createServer((socket) => {
    let bytes = 0
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      bytes += chunk.length
      const whole = Math.floor(bytes / request.length)
      bytes -= whole * request.length
      answer(socket, whole)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await use((depth) => {
      const connection = new Connection({ port, request, responseLength: response.length }, depth)
      connections.push(connection)
      return connection
    })
  } finally {
    for (const connection of connections) connection.close()
    server.close()
  }
}

function soon(milliseconds = 50): number {
  return performance.now() + milliseconds
}

/** Runs until a run has sent more than it began with, however slow the machine is. */
async function runBeyond(connection: Connection, depth: number): Promise<number[]> {
  const all: number[] = []
  for (let window = 50; window < 10_000; window *= 2) {
    const latencies = await connection.run(performance.now() + window)
    all.push(...latencies)
    if (latencies.length > depth) return all
  }
  throw new assert.AssertionError({ message: 'it never sent a request after its first ones' })
}

test('notes one time for every response, and sends as many requests as the server gets', async () => {
  let seen = 0
  const answer = (socket: Socket, requests: number) => {
    seen += requests
    socket.write(response.repeat(requests))
  }
  await withServer(answer, async (connect) => {
    for (const depth of [1, 10]) {
      seen = 0
      const connection = connect(depth)
      const latencies = [...(await runBeyond(connection, depth)), ...(await runBeyond(connection, depth))]
      assert.equal(latencies.length, seen)
      assert.ok(latencies.every((milliseconds) => milliseconds > 0))
    }
  })
})

test('puts responses together that arrive in pieces, cut anywhere, or several at once', async () => {
  let answered = 0
  let pending = ''
  let size = 1
  // Pieces of 1 to 199 bytes, so that a response may end, begin or be cut at any of them.
  const writeOn = (socket: Socket) => {
    size = ((size * 7) % 199) + 1
    socket.write(pending.slice(0, size))
    pending = pending.slice(size)
    if (pending !== '') setImmediate(writeOn, socket)
  }
  const answer = (socket: Socket, requests: number) => {
    const idle = pending === ''
    pending += response.repeat(requests)
    answered += requests
    if (idle && requests > 0) writeOn(socket)
  }
  await withServer(answer, async (connect) => {
    const latencies = await connect(40).run(soon())
    assert.equal(latencies.length, answered)
    assert.ok(answered >= 40)
  })
})

test('fails on any status but 200, on a response of another length, and when the server hangs up', async () => {
  const failures: readonly [(socket: Socket) => void, RegExp][] = [
    [(socket) => socket.write(response.replace('200', '500')), /not the response.*500/s],
    [(socket) => socket.write(`${response}, and more`), /not all of one length/],
    [(socket) => socket.destroy(), /closed the connection/],
  ]
  for (const [answer, message] of failures) {
    await withServer(answer, async (connect) => {
      const connection = connect(1)
      await assert.rejects(connection.run(soon()), message)
      await assert.rejects(connection.run(soon()), message)
    })
  }
})
