/** `rustok-server worker`: relay and event handlers, without the API. */
import { initTracing, OtelConfig, shutdown } from '@rustok/telemetry'
import { misspelled } from '../config/misspelled.ts'
import { readConfig } from '../config.ts'
import { createLogger } from '../log.ts'
import { startWorker } from '../start-worker.ts'
import { stopServer } from '../stop-server.ts'
import { type Command, refuseArguments } from './command.ts'
import { runUntilStopped } from './run-until-stopped.ts'

export const worker: Command = {
  async run(args) {
    refuseArguments('worker', args)
    const tracing = await initTracing(OtelConfig.fromEnv(), { handleSignals: false })
    const config = readConfig(process.env)
    const log = createLogger({ level: config.logLevel, format: config.logFormat })
    for (const slip of misspelled(process.env)) log.warn(slip, 'a variable that is no setting')
    const running = await startWorker(config, log, tracing)
    runUntilStopped(log, () => stopServer(running, shutdown, log))
    log.info({ url: running.url, bus: config.nats === undefined ? 'database' : 'nats' }, 'ready')
    process.send?.({ type: 'ready', url: running.url })
    return undefined
  },
}
