/**
 * The measured process: `server.ts hello|graphql`. It knows nothing of tracing, which a mode adds by Node's `--import`, as it would be
 * added in production; and it ends as a server does, by closing on SIGTERM and letting the process run empty.
 */
import type { AddressInfo } from 'node:net'
import { expectNoMoreCalls, offerCalls } from '../child/calls.ts'
import { buildGraphql } from './graphql-app.ts'
import { buildHello } from './hello-app.ts'

export type AppName = 'hello' | 'graphql'

export interface Usage {
  /** User and system, of all threads, since the process began. */
  readonly cpuMicros: number
  readonly residentBytes: number
}

export interface ServerCalls {
  port(): number
  usage(): Usage
}

const app = process.argv[2] === 'graphql' ? buildGraphql() : buildHello()
await app.listen({ host: '127.0.0.1', port: 0 })

process.once('SIGTERM', async () => {
  expectNoMoreCalls()
  await app.close()
})

offerCalls<ServerCalls>({
  port: () => (app.server.address() as AddressInfo).port,
  usage() {
    const { user, system } = process.cpuUsage()
    return { cpuMicros: user + system, residentBytes: process.memoryUsage.rss() }
  },
})
