/**
 * `npm run traffic`: visits the running server for a while, as its demo users, at a fixed rate. Visits begin when they are due,
 * whether or not earlier ones were answered, and count from then: a server that stalls shows it in every one of them.
 */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readArguments, refuse } from './arguments.ts'
import { onInterruption } from './interruption.ts'
import { type DemoFile, demoFilePath, readDemoFile } from './start/demo-file.ts'
import { isLoopback } from './visits/loopback.ts'
import { type Answer, sendOperation } from './visits/send-operation.ts'
import { type Outcome, Tally } from './visits/tally.ts'
import { type Visit, Visitors } from './visits/visitor.ts'

const command = 'npm run traffic'
const help = `npm run traffic [-- options]

  --seconds <n>   how long, 1 to 3600 (30)
  --rate <n>      visits a second, 1 to 500 (20)
  --url <url>     the server, on this machine (the one that npm start runs)

The demo users' tokens come from the running npm start, through demo.json in RUSTOK_DATA_DIR.`

/** A browser gives up later, a person sooner. */
const answerWithinMs = 10_000

/** Visits that wait for an answer at one time. Above it, further ones are counted and not sent. */
const maxWaiting = 200

const { values: flags } = readArguments(command, help, {
  options: { seconds: { type: 'string' }, rate: { type: 'string' }, url: { type: 'string' } },
})
const seconds = numberIn('seconds', flags.seconds ?? '30', 1, 3600)
const rate = numberIn('rate', flags.rate ?? '20', 1, 500)
const demo = readDemo()
const server = serverUrl()

const ending = new AbortController()
onInterruption(
  ({ exitCode }) => {
    process.exitCode = exitCode
    ending.abort()
  },
  ({ exitCode }) => process.exit(exitCode),
)

const visitors = new Visitors(demo.tenants)
const tally = new Tally()
const waiting = new Set<Promise<void>>()
const begin = performance.now()

process.stdout.write(`Visiting ${server} for ${seconds} s, ${rate} times a second; Ctrl-C ends it.\n`)
const progress = process.stdout.isTTY ? setInterval(showProgress, 500) : undefined
await visitWhenDue()
await Promise.all(waiting)
clearInterval(progress)
report()

async function visitWhenDue(): Promise<void> {
  for (let visit = 0; visit < seconds * rate && !ending.signal.aborted; visit++) {
    const due = begin + (visit / rate) * 1_000
    const early = due - performance.now()
    if (early > 0) await sleep(early, undefined, ending).catch(() => {})
    if (waiting.size >= maxWaiting) {
      tally.skip()
      continue
    }
    const answered = answer(visitors.next(), due).finally(() => waiting.delete(answered))
    waiting.add(answered)
  }
}

async function answer(visit: Visit, due: number): Promise<void> {
  const outcome = await outcomeOf(visit)
  tally.add(visit.tenant, outcome, performance.now() - due)
}

/** A mistake that is refused went as it should; a good request that is refused, or a mistake that is served, did not. */
async function outcomeOf(visit: Visit): Promise<Outcome> {
  let answer: Answer
  try {
    answer = await sendOperation(server, visit.token, visit.operation, AbortSignal.timeout(answerWithinMs))
  } catch {
    return 'failed'
  }
  visit.answered?.(answer)
  const refused = answer.status !== 200 || answer.errors.length > 0
  if (refused !== visit.mistaken || answer.status >= 500) return 'failed'
  return refused ? 'refused' : 'served'
}

function showProgress(): void {
  const elapsed = ((performance.now() - begin) / 1_000).toFixed(0)
  const failures = tally.failed === 0 ? '' : `, ${tally.failed} failures`
  process.stdout.write(`\r\u001b[K  ${elapsed} s: ${tally.requests} visits${failures}`)
}

function report(): void {
  const elapsed = ((performance.now() - begin) / 1_000).toFixed(1)
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  process.stdout.write(`${tally.requests} visits in ${elapsed} s\n\n${tally.table()}\n`)
  if (tally.skipped > 0) {
    process.stdout.write(
      `\n  ${tally.skipped} more were due and not sent: ${maxWaiting} were waiting for an answer.\n`,
    )
  }
  const [tenant] = demo.tenants
  process.stdout.write(
    `\n  Their traces: ${demo.lens}/?${new URLSearchParams({ tenant: tenant?.id ?? '' })}\n`,
  )
  if (tally.failed > 0 || tally.skipped > 0) process.exitCode ??= 1
}

function readDemo(): DemoFile {
  const dataDir = resolve(process.env.RUSTOK_DATA_DIR?.trim() || '.rustok')
  const found = readDemoFile(dataDir)
  if (found === undefined)
    refuse(command, `no server is running: there is no ${demoFilePath(dataDir)}; try 'npm start' first`)
  const tenants = found.tenants.filter(({ users }) => users.length > 0)
  if (tenants.length === 0)
    refuse(
      command,
      'the running server has no demo tenants: it runs in production, or with RUSTOK_DEMO=false',
    )
  return { ...found, tenants }
}

function serverUrl(): string {
  const given = flags.url ?? demo.server
  if (!URL.canParse(given)) refuse(command, `--url: '${given}' is not a URL`)
  const url = new URL(given)
  if (!/^https?:$/.test(url.protocol) || !isLoopback(url)) {
    refuse(command, `--url: ${url.host} is not this machine, and visits go nowhere else`)
  }
  return url.origin
}

function numberIn(name: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (text.trim() === '' || !(number >= min && number <= max)) {
    refuse(command, `--${name}: '${text}' is not a number from ${min} to ${max}`)
  }
  return number
}
