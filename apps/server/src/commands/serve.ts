/** `rustok-server serve`, which is also what it does without a command: the HTTP API. */
import { initTracing, shutdown } from '@rustok/telemetry'
import { misspelled } from '../config/misspelled.ts'
import { readConfig } from '../config.ts'
import { createLogger } from '../log.ts'
import { startServer } from '../start.ts'
import { stopServer } from '../stop-server.ts'
import { telemetrySettings } from '../telling/span-rules.ts'
import { type Command, refuseArguments } from './command.ts'
import { runUntilStopped } from './run-until-stopped.ts'

export const serve: Command = {
  async run(args) {
    refuseArguments('serve', args)
    const telemetry = telemetrySettings()
    const tracing = await initTracing(telemetry, { handleSignals: false })
    const config = readConfig(process.env)
    const log = createLogger({
      level: config.logLevel,
      format: config.logFormat,
      redaction: telemetry.redaction,
    })
    for (const slip of misspelled(process.env)) log.warn(slip, 'a variable that is no setting')
    const server = await startServer(config, log, tracing)
    runUntilStopped(log, () => stopServer(server, shutdown, log))
    log.info({ url: server.url, engine: server.database.engine, demo: config.demo }, 'ready')
    process.send?.({ type: 'ready', url: server.url, demo: server.demo })
    return undefined
  },
}
