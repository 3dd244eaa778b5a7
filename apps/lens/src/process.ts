/** The process of rustok-lens: command line, configuration, signals, exit codes. `main` runs it, and brings the telemetry library. */

import { pino } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { tokenCommand } from './access/token-command.ts'
import { settings } from './config/settings.ts'
import {
  configFromEnvironment,
  type Flags,
  givenSettings,
  type LensConfig,
  unknownVariables,
} from './config.ts'
import { parseFlags } from './flags.ts'
import { helpText } from './help.ts'
import { type Lens, startLens } from './lens.ts'
import type { SelfTracing, StartTracing } from './self-tracing.ts'
import { StartupError } from './startup-error.ts'

/** The shutdown's own deadlines end before; this one ends a shutdown that hangs. */
const exitDeadline = 9_500

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const

/** Resolves when Lens is ready, or could not start. */
export async function runLens(startTracing: StartTracing): Promise<void> {
  try {
    if (process.argv[2] === 'token') await makeToken()
    const commandLine = parseFlags(process.argv.slice(2), Object.values(settings))
    if (commandLine.help || commandLine.version) {
      process.stdout.write(commandLine.help ? helpText() : `rustok-lens ${packageJson.version}\n`)
      process.exit(0)
    }
    const config = configFromEnvironment(process.env, commandLine.values)
    const log = pino({ level: config.logLevel, base: { service: 'rustok-lens' } })
    const tracing = await traceItself(config, startTracing)
    const starting = startLens(tracing?.config ?? config, log, { ownToken: tracing?.ownToken })
    starting.catch(() => tracing?.close())

    let stopping = false
    const stop = (reason: string) => {
      if (stopping) return
      stopping = true
      log.info({ reason }, 'stopping')
      const began = performance.now()
      setTimeout(() => process.exit(1), exitDeadline).unref()
      starting
        .then(async (lens) => {
          // First, since Lens itself may be what its spans are sent to.
          await tracing?.close()
          await lens.close()
        })
        .then(
          () => {
            log.info({ stopMs: Math.round(performance.now() - began) }, 'stopped')
            process.exit(0)
          },
          (error: unknown) => {
            log.error({ err: error }, 'could not stop cleanly')
            process.exit(1)
          },
        )
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(128 + signalNumbers[signal])
        stop(signal)
      })
    }
    process.on('SIGHUP', () => void starting.then((lens) => lens.reload()).catch(() => {}))
    process.on('disconnect', () => stop('the parent is gone'))

    const unknown = unknownVariables(process.env)
    if (unknown.length > 0) log.warn({ variables: unknown }, 'there are no such settings')
    announce(await starting, givenSettings(process.env, commandLine.values))

    async function makeToken(): Promise<never> {
      const fileOf = (flags: Flags) => configFromEnvironment(process.env, flags).tokensFile
      const { stdout, stderr } = await tokenCommand(process.argv.slice(3), fileOf)
      process.stderr.write(stderr)
      process.stdout.write(stdout)
      process.exit(0)
    }

    function announce({ urls }: Lens, given: Readonly<Record<string, string>>): void {
      const { version } = packageJson
      log.info({ ...urls, version, settings: given, startMs: Math.round(performance.now()) }, 'ready')
      process.send?.({ type: 'ready', urls })
    }
  } catch (error) {
    if (!(error instanceof StartupError)) throw error
    process.stderr.write(`rustok-lens: ${error.message}\n`)
    process.exitCode = error.exitCode
    // Our own end of the channel is no parent that is gone.
    process.removeAllListeners('disconnect')
    process.disconnect?.()
  }
}

/** What is off is not loaded. */
async function traceItself(config: LensConfig, startTracing: StartTracing): Promise<SelfTracing | undefined> {
  if (config.traceItself === false) return undefined
  const { startSelfTracing } = await import('./self-tracing.ts')
  return startSelfTracing(config, config.traceItself, startTracing)
}
