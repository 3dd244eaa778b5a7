/**
 * `npm start`: runs Lens and the server, shows how to use them, and ends them in the order that loses nothing. run.mjs hands
 * over to it.
 */
import { dirname, join, relative, resolve } from 'node:path'
import { readArguments } from './arguments.ts'
import { type Interruption, onInterruption } from './interruption.ts'
import { curlPrintsHeaders } from './start/curl.ts'
import { removeDemoFile, writeDemoFile } from './start/demo-file.ts'
import { LogFile } from './start/log-file.ts'
import { LogPrinter } from './start/log-printer.ts'
import { paintFor } from './start/paint.ts'
import { lensIsEmpty, sendSample } from './start/sample.ts'
import { renderScreen, shownTenants } from './start/screen.ts'
import { type Failure, type Ready, Stack, type Stopped } from './start/stack.ts'
import { describeFailure, describeStopped } from './start/verdict.ts'

const help = `npm start [-- options]

  --no-sample   do not send sample requests when Lens is empty
  --verbose     show the whole log of both, not only warnings and errors

Ports and places come from the environment: PORT, LENS_PORT, LENS_OTLP_GRPC_PORT, LENS_OTLP_HTTP_PORT (0 takes any
that is free), HOST, LENS_HOST, RUSTOK_DATA_DIR.`

type Ending = { readonly kind: 'interrupted' } | { readonly kind: 'failed'; readonly failure: Failure }

const { values: flags } = readArguments('npm start', help, {
  options: { sample: { type: 'boolean', default: true }, verbose: { type: 'boolean', default: false } },
  allowNegative: true,
})

/** npm takes `npm start --no-sample`, without the dashes between, for a setting of its own, and passes it on as this. */
const wantsSample = flags.sample && process.env.npm_config_sample !== ''

// A terminal that is gone must not keep us from stopping what we started.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const root = dirname(import.meta.dirname)
const dataDir = resolve(process.env.RUSTOK_DATA_DIR?.trim() || '.rustok')
/** Enough for what Lens says of tenants to mean something; `npm run traffic` visits all of them. */
const demoTenants = '6'
const paint = paintFor(process.stdout)
const printer = new LogPrinter({ paint: paintFor(process.stderr), verbose: flags.verbose, write: complain })
const logs = openLogs()
const stack = new Stack({
  root,
  env: { RUSTOK_DEMO_TENANTS: demoTenants, ...process.env, RUSTOK_DATA_DIR: dataDir },
  logs,
  onLine: (service, line, from) => printer.print(service, line, from),
})

let ready: Ready | undefined
const ending = new AbortController()
const interrupted = Promise.withResolvers<Interruption>()
onInterruption(interrupted.resolve, ({ exitCode }) => {
  stack.kill()
  withdrawDemo()
  process.exit(exitCode)
})

say(`${paint('dim', 'Starting Lens and the server…')}\n`)
try {
  const end = await Promise.race([
    welcome(),
    stack.failed.then((failure): Ending => ({ kind: 'failed', failure })),
    interrupted.promise.then((): Ending => ({ kind: 'interrupted' })),
  ])
  process.exitCode = await finish(end)
} catch (error) {
  await stack.stop()
  throw error
} finally {
  withdrawDemo()
}
process.exit()

/** From the start to the screen; then there is only an end to wait for. */
async function welcome(): Promise<never> {
  ready = await stack.start()
  const seconds = process.uptime()
  printer.started()
  const [printsHeaders, ...notes] = await Promise.all([
    curlPrintsHeaders(),
    offerDemo(ready),
    sampleNotes(ready),
  ])
  // Told to end meanwhile: the screen would tell of what is going down.
  if (!ending.signal.aborted) {
    const logFiles = Object.values(logs).map(({ path }) => shown(path))
    const screen = {
      ...ready,
      seconds,
      curlPrintsHeaders: printsHeaders,
      logFiles,
      notes: [...notes, ignoredNotes()].flat(),
    }
    say(renderScreen(screen, paint))
  }
  return new Promise(() => {})
}

/** For `npm run traffic`. Nothing else needs it, so that a failure is only a remark. */
function offerDemo({ lens, server }: Ready): readonly string[] {
  try {
    writeDemoFile(dataDir, { server: server.url, lens: lens.urls.ui, tenants: server.demo?.tenants ?? [] })
    return []
  } catch (error) {
    return [`npm run traffic will not find this server: ${(error as Error).message}`]
  }
}

/** Only by who offered it: another npm start may run over the same directory, on whose ports this one failed. */
function withdrawDemo(): void {
  if (ready !== undefined) removeDemoFile(dataDir)
}

async function sampleNotes({ lens, server }: Ready): Promise<readonly string[]> {
  const tenants = (server.demo?.tenants ?? []).slice(0, shownTenants)
  if (!wantsSample || tenants.length === 0) return []
  try {
    if (!(await lensIsEmpty(lens.urls.ui, ending.signal))) return []
    const sent = await sendSample(server.url, tenants, ending.signal)
    return [`Lens was empty: ${sent} sample requests of two tenants are on their way to it.`]
  } catch (error) {
    return [`The sample requests were not sent: ${(error as Error).message}`]
  }
}

/** A user who set one of these expects it to matter. */
function ignoredNotes(): readonly string[] {
  const names = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
  const ignored = names.filter((name) => process.env[name]?.trim())
  return ignored.map((name) => `${name} is not used here: the spans go to the Lens beside the server.`)
}

/** Stops everything, says how that went, and returns the exit code. */
async function finish(end: Ending): Promise<number> {
  ending.abort()
  const failedToStart = end.kind === 'failed' && !end.failure.wasReady
  if (end.kind === 'failed') complain(describeFailure(end.failure, shown(logs[end.failure.service].path)))
  // What the other one says on its way out would bury the one line that matters.
  if (failedToStart) printer.mute()
  else say(`\n${paint('dim', 'Stopping… (Ctrl-C again ends at once)')}\n`)
  const complaints = printer.complaints
  const stopped = await stack.stop()
  if (failedToStart) return 1
  const unclean = stopped.filter(
    ({ clean, service }) => !clean && !(end.kind === 'failed' && end.failure.service === service),
  )
  for (const each of unclean) complain(`${describeStopped(each, shown(logs[each.service].path))}\n`)
  if (end.kind === 'failed' || unclean.length > 0) return 1
  // Spans that were lost make no bad exit: the server warns of them on its way out.
  const nothingWasLost = ready !== undefined && printer.complaints === complaints
  say(nothingWasLost ? 'Stopped. Nothing was lost.\n' : 'Stopped.\n')
  return 0
}

function openLogs(): Readonly<Record<Stopped['service'], LogFile>> {
  const open = (name: string): LogFile => {
    const path = join(dataDir, 'logs', `${name}.log`)
    return new LogFile(path, ({ message }) =>
      complain(`rustok: nothing more goes to ${shown(path)}: ${message}\n`),
    )
  }
  try {
    return { server: open('server'), lens: open('lens') }
  } catch (error) {
    complain(`rustok: RUSTOK_DATA_DIR: cannot write to ${dataDir}: ${(error as Error).message}\n`)
    process.exit(1)
  }
}

/** Relative where that is shorter. */
function shown(path: string): string {
  const fromHere = relative('.', path)
  return fromHere.startsWith('..') ? path : fromHere
}

function say(text: string): void {
  process.stdout.write(text)
}

function complain(text: string): void {
  process.stderr.write(text)
}
