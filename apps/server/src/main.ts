#!/usr/bin/env node
/**
 * The process: telemetry, settings, server, signals, exit. The first SIGTERM or SIGINT (or the end of the parent that it was forked by)
 * shuts down in order; the second exits at once.
 */
import { constants } from 'node:os'
import { initTracing, OtelConfig, shutdown } from '@rustok/telemetry'
import { readConfig } from './config.ts'
import { StartupError } from './errors.ts'
import { createLogger, type Logger } from './log.ts'
import { type RunningServer, startServer } from './start.ts'
import { stopServer } from './stop-server.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

// A reader of our output that goes away must not take a shutdown with it.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

try {
  await initTracing(OtelConfig.fromEnv(), { handleSignals: false })
  const config = readConfig(process.env)
  const log = createLogger({ level: config.logLevel, format: config.logFormat })
  const server = await startServer(config, log)
  stopOnSignals(server, log)
  log.info({ url: server.url, engine: server.database.engine, demo: config.demo }, 'ready')
  process.send?.({ type: 'ready', url: server.url, demo: server.demo })
} catch (error) {
  if (!(error instanceof StartupError)) throw error
  process.stderr.write(`rustok-server: ${error.message}\n`)
  process.exit(1)
}

function stopOnSignals(server: RunningServer, log: Logger): void {
  let stopping = false
  const stop = async (reason: string, exitCode: number) => {
    if (stopping) return
    stopping = true
    log.info({ reason }, 'shutting down')
    const clean = await stopServer(server, shutdown, log)
    log.info({ clean }, 'stopped')
    process.exit(clean ? exitCode : 1)
  }
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (stopping) process.exit(128 + constants.signals[signal])
      void stop(signal, 0)
    })
  }
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception')
    void stop('uncaught exception', 1)
  })
  if (process.send !== undefined) process.once('disconnect', () => void stop('parent disconnected', 0))
}
