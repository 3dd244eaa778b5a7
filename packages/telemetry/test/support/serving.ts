/** Work against a real HTTP server whose requests are traced, and what a collector received of it. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'node:test'
import { type Received, type TracedOptions, traced } from './traced.ts'

/** Those of the running test. */
export const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

export async function listen(handler: RequestListener): Promise<number> {
  const server = createServer(handler)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** What arrives of `work` against a server with this handler; only server spans count unless `without` says otherwise. */
export function serving(
  handler: RequestListener,
  work: (port: number) => Promise<unknown>,
  options: TracedOptions = {},
): Promise<Received> {
  return traced(async () => work(await listen(handler)), { without: ['undici', 'http-client'], ...options })
}

/** Answers with `ok`. */
export const ok: RequestListener = (_, response) => response.end('ok')
/** A GET request as text. */
export const line = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'host: x', ...headers, '', ''].join('\r\n')
export const get = async (port: number, path = '/', init?: RequestInit) =>
  (await fetch(`http://127.0.0.1:${port}${path}`, init)).text()
export const sleep = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms))
