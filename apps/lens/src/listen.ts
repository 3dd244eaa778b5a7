import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listenError } from './listen-error.ts'

/** Resolves with the port that the server listens on. Rejects with StartupError, naming the variable, when it cannot. */
export function listen(server: Server, host: string, port: number, variable: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port, variable)))
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}
