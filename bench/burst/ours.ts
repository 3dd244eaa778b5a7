/** `@rustok/telemetry` as it is by default, sending to a collector that accepts connections and says nothing. */
import { createServer, type Socket } from 'node:net'
import { trace } from '@opentelemetry/api'
import { initTracing, OtelConfig } from '@rustok/telemetry'
import { prove } from '../suite.ts'
import type { BurstContender } from './contender.ts'

export async function startOurs(): Promise<BurstContender> {
  const sockets: Socket[] = []
  const silent = createServer((socket) => void sockets.push(socket.on('error', () => {})))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const config = new OtelConfig({ endpoint: `http://127.0.0.1:${address.port}`, logLevel: 'none' })
  const tracing = await initTracing(config, { without: ['http', 'undici', 'fastify', 'graphql'] })
  return {
    tracer: trace.getTracer('bench'),
    async lost(made) {
      const { created, queued } = tracing.ledger()
      prove(created === made, `@rustok/telemetry: its ledger knows ${created} of ${made} spans`)
      for (const socket of sockets) socket.destroy()
      silent.close()
      return made - queued
    },
  }
}
