/**
 * `npm run soak -- outage`: the collector is away for ten minutes while an application goes on to end 5,000 spans a second. Prints what
 * became of every span, and what it cost in memory, disk and delays of the application. `--minutes` and `--rate` scale it; `--kill` ends the
 * application by SIGKILL in the middle of the outage and starts it again.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type CountingCollector, startCountingCollector } from './counting-collector.ts'
import type { Sample } from './outage-application.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '5000' },
    kill: { type: 'boolean', default: false },
  },
})
const outageMs = Number(values.minutes) * 60_000
const rate = Number(values.rate)
const aroundMs = 5000
const mib = 1024 * 1024

const directory = mkdtempSync(join(tmpdir(), 'rustok-soak-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))

interface Peaks {
  rss: number
  buffers: number
  disk: number
  delayMs: number
}

/** The application, and what it says about itself. */
class Application {
  readonly #child: ChildProcess
  sample: Sample | undefined

  constructor(port: number, first: number, observe: (sample: Sample) => void) {
    this.#child = spawn(
      process.execPath,
      [fileURLToPath(new URL('./outage-application.ts', import.meta.url)), String(rate), String(first)],
      {
        env: {
          ...process.env,
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
          RUSTOK_SPOOL_DIRECTORY: directory,
        },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    )
    process.on('exit', () => this.#child.kill('SIGKILL'))
    this.#child.on('message', (sample: Sample) => {
      this.sample = sample
      observe(sample)
    })
  }

  /** Ends no more spans. */
  quiet(): void {
    this.#child.send('quiet')
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'close')
  }

  async end(): Promise<void> {
    this.#child.send('end')
    await once(this.#child, 'close')
  }

  /** Waits for a sample of which that holds. */
  async when(holds: (sample: Sample) => boolean): Promise<void> {
    while (this.sample === undefined || !holds(this.sample)) await once(this.#child, 'message')
  }
}

function bytesIn(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += bytesIn(path)
    else bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0
  }
  return bytes
}

const say = (text: string) => process.stdout.write(`${text}\n`)
const count = (value: number) => value.toLocaleString('en')
const mebibytes = (bytes: number) => `${count(Math.round(bytes / mib))} MiB`

say(`${values.minutes} minutes of outage at ${count(rate)} spans a second`)
let collector: CountingCollector = await startCountingCollector(0)
const { port, seen } = collector
const before: Peaks = { rss: 0, buffers: 0, disk: 0, delayMs: 0 }
let peaks = before

/** Of the present phase. */
function observe({ rss, buffers, delayMs }: Sample): void {
  peaks.rss = Math.max(peaks.rss, rss)
  peaks.buffers = Math.max(peaks.buffers, buffers)
  peaks.delayMs = Math.max(peaks.delayMs, delayMs)
  peaks.disk = Math.max(peaks.disk, bytesIn(directory))
}

let application = new Application(port, 0, observe)
await application.when(({ ended }) => ended > 0)
await sleep(aroundMs)
peaks = { rss: 0, buffers: 0, disk: 0, delayMs: 0 }
await collector.stop()
say('the collector is away')

let lostByKill = 0
let started = 0
if (values.kill) {
  await sleep(outageMs / 2)
  // What it said last: more may have ended since, of which nobody knows.
  const { sample } = application
  await application.kill()
  started = (sample?.ended ?? 0) + rate * 60
  say(`killed after ${count(sample?.ended ?? 0)} spans, of which ${count(sample?.spooled ?? 0)} were on disk`)
  application = new Application(port, started, observe)
  await sleep(outageMs / 2)
  lostByKill = (sample?.ended ?? 0) - (sample?.spooled ?? 0) - (sample?.exported ?? 0)
} else {
  await sleep(outageMs)
}
const atReturn = application.sample
say(
  `the collector is back: ${count(atReturn?.spooled ?? 0)} spans on disk, ${count(atReturn?.queued ?? 0)} in memory`,
)
collector = await startCountingCollector(port, seen)
const back = performance.now()
await application.when(({ spooled, recoveredSpooled }) => spooled + recoveredSpooled < rate)
const replayMs = performance.now() - back
application.quiet()
await application.when(({ spooled, queued, recoveredSpooled }) => spooled + queued + recoveredSpooled === 0)
const last = application.sample!
await application.end()
await collector.stop()

const createdLast = last.created
const distinct = seen.distinct
say('')
say(`spans ended           ${count(createdLast)}${started > 0 ? ' since the restart' : ''}`)
say(`  exported            ${count(last.exported)}`)
say(`  dropped             ${count(last.dropped)}`)
if (started > 0) {
  say(`recovered             ${count(last.recoveredFound)}, exported ${count(last.recoveredExported)}`)
  say(`in memory when killed ${count(lostByKill)} (lost at most)`)
}
say(`arrived               ${count(distinct)} distinct, ${count(seen.duplicates)} twice`)
say(`replayed in           ${(replayMs / 1000).toFixed(0)} s`)
say(`peak on disk          ${mebibytes(peaks.disk)}`)
say(`peak resident         ${mebibytes(peaks.rss)}, ${mebibytes(before.rss)} before the outage`)
say(`peak in buffers       ${mebibytes(peaks.buffers)}, ${mebibytes(before.buffers)} before`)
say(
  `longest delay         ${peaks.delayMs.toFixed(0)} ms of the event loop, ${before.delayMs.toFixed(0)} before`,
)

const missing = seen.missing(started, started + createdLast) + (last.recoveredFound - last.recoveredExported)
if (missing > 0 || last.dropped > 0) {
  say(`\n${count(missing)} spans are missing`)
  process.exitCode = 1
} else {
  say(started > 0 ? '\nnothing that was on disk is lost' : '\nnothing is lost')
}
