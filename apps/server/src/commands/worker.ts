/** `rustok-server worker`: relay and event handlers, without the API. */
import { initTracing, shutdown } from '@rustok/telemetry'
import { misspelled } from '../config/misspelled.ts'
import { readConfig } from '../config.ts'
import { createLogger } from '../log.ts'
import { startWorker } from '../start-worker.ts'
import { stopServer } from '../stop-server.ts'
import { telemetrySettings } from '../telling/span-rules.ts'
import { type Command, refuseArguments } from './command.ts'
import { runUntilStopped } from './run-until-stopped.ts'

export const worker: Command = {
  async run(args) {
    refuseArguments('worker', args)
    const telemetry = telemetrySettings()
    const tracing = await initTracing(telemetry, { handleSignals: false })
    const config = readConfig(process.env)
    const log = createLogger({
      level: config.logLevel,
      format: config.logFormat,
      redaction: telemetry.redaction,
    })
    for (const slip of misspelled(process.env)) log.warn(slip, 'a variable that is no setting')
    const running = await startWorker(config, log, tracing)
    runUntilStopped(log, () => stopServer(running, shutdown, log))
    log.info({ url: running.url, bus: config.nats === undefined ? 'database' : 'nats' }, 'ready')
    process.send?.({ type: 'ready', url: running.url })
    return undefined
  },
}
