/** Postgres for clients that need a socket: PGlite's engine behind a TCP port, for one connection at a time. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { PGlite } from '@electric-sql/pglite'

export interface PgliteServer {
  readonly port: number
  stop(): Promise<void>
}

/** A client that asks for TLS is told that there is none (PostgreSQL protocol: SSLRequest). */
const sslRequest = 80_877_103

export async function startPglite(): Promise<PgliteServer> {
  const database = await PGlite.create()
  const server = createServer((socket) => {
    let last = Promise.resolve()
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      last = last.then(async () => {
        if (bytes.length === 8 && bytes.readInt32BE(4) === sslRequest) socket.write('N')
        else socket.write(await database.execProtocolRaw(bytes))
      })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close()
      await database.close()
    },
  }
}
