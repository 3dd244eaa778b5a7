/**
 * `npm run traffic`: visits the running server for a while, as users of all its demo tenants, at a fixed rate. Visits begin when they are due,
 * whether or not earlier ones have ended, and their first request counts from then: a server that stalls shows it in every one of them.
 */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readArguments, refuse } from './arguments.ts'
import { onInterruption } from './interruption.ts'
import { type DemoFile, demoFilePath, readDemoFile } from './start/demo-file.ts'
import { Deck } from './visits/deck.ts'
import { findings, type HandlerCounts, handlerCountsIn } from './visits/findings.ts'
import { isLoopback } from './visits/loopback.ts'
import { settle, type Town } from './visits/people.ts'
import { Tally } from './visits/tally.ts'
import { visit } from './visits/visit.ts'

const command = 'npm run traffic'
const help = `npm run traffic [-- options]

  --seconds <n>   how long, 1 to 3600 (60)
  --rate <n>      visits a second, 0.1 to 200 (5); a visit is one to six requests
  --visits <n>    no more than so many, 1 to 100000
  --url <url>     the server, on this machine (the one that npm start runs)

Visitors read, search, write, publish, fill carts and order, and make mistakes. Some of what they do is slow or fails in a handler:
the summary says what there is to find in Lens. The demo users' tokens come from the running npm start, through demo.json in
RUSTOK_DATA_DIR; further users are made in the demo tenants once, and stay.`

/** What signing everybody in may take; each password costs the server about 50 ms. */
const settleWithinMs = 60_000

/** The first ones, which most visitors come from. */
const largeTenants = 2

/** Visits at one time. Above it, further ones are counted and not made. */
const maxVisiting = 100

const { values: flags } = readArguments(command, help, {
  options: {
    seconds: { type: 'string' },
    rate: { type: 'string' },
    visits: { type: 'string' },
    url: { type: 'string' },
  },
})
const seconds = numberIn('seconds', flags.seconds ?? '60', 1, 3600)
const rate = numberIn('rate', flags.rate ?? '5', 0.1, 200)
const visits = Math.min(
  Math.ceil(seconds * rate),
  Math.floor(numberIn('visits', flags.visits ?? '100000', 1, 100_000)),
)
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

const tally = new Tally()
const visiting = new Set<Promise<void>>()
let begun = 0
let begin = performance.now()
const beganAt = Date.now()

const towns = await signIn()
if (towns.length > 0) {
  say(`Visiting ${server}: ${visits} visits, ${rate} a second; Ctrl-C ends them.\n`)
  const progress = process.stdout.isTTY ? setInterval(showProgress, 500) : undefined
  const before = await handlerCounts()
  await visitWhenDue(new Deck(towns))
  await Promise.all(visiting)
  clearInterval(progress)
  await report(before)
}

/** Everybody, tenant by tenant; nobody when told to end meanwhile. */
async function signIn(): Promise<readonly Town[]> {
  say('Signing visitors in…\n')
  const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(settleWithinMs)])
  const settled: Town[] = []
  try {
    for (const [index, tenant] of demo.tenants.entries()) {
      settled.push(await settle(server, tenant, index < largeTenants, signal))
    }
    return settled
  } catch (error) {
    if (ending.signal.aborted) return []
    refuse(command, `the visitors cannot sign in: ${(error as Error).message}`)
  }
}

async function visitWhenDue(deck: Deck): Promise<void> {
  begin = performance.now()
  for (let next = 0; next < visits && !ending.signal.aborted; next++) {
    const due = begin + (next / rate) * 1_000
    const early = due - performance.now()
    if (early > 0) await sleep(early, undefined, ending).catch(() => {})
    if (ending.signal.aborted) return
    if (visiting.size >= maxVisiting) {
      tally.skip()
      continue
    }
    begun++
    const told = visit(server, deck.next(), due, (one) => tally.add(one), ending.signal).finally(() =>
      visiting.delete(told),
    )
    visiting.add(told)
  }
}

function showProgress(): void {
  const elapsed = ((performance.now() - begin) / 1_000).toFixed(0)
  const failures = tally.failed === 0 ? '' : `, ${tally.failed} failures`
  process.stdout.write(
    `\r\u001b[K  ${elapsed} s: ${begun} of ${visits} visits, ${tally.requests} requests${failures}`,
  )
}

async function report(before: HandlerCounts): Promise<void> {
  const elapsed = ((performance.now() - begin) / 1_000).toFixed(1)
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  say(`${begun} visits with ${tally.requests} requests in ${elapsed} s\n\n${tally.table()}\n`)
  if (tally.skipped > 0) {
    say(`\n  ${tally.skipped} more visits were due and not made: ${maxVisiting} were on their way.\n`)
  }
  for (const { journey, why, count } of tally.failures()) say(`\n  Failed ${count} times: ${journey}: ${why}`)
  if (tally.failed > 0) say('\n')
  const { failed, deadLetters } = await handlerCounts()
  const found = findings({
    lens: demo.lens,
    begin: beganAt,
    end: Date.now(),
    busiest: tally.busiest ?? '',
    failed: failed - before.failed,
    deadLetters,
  })
  say(`\n  To be found in Lens:\n${found.map(({ what, url }) => `\n  ${what}\n  ${url}\n`).join('')}`)
  if (tally.failed > 0 || tally.skipped > 0) process.exitCode ??= 1
}

/** As the server tells by now; nothing where it does not. */
async function handlerCounts(): Promise<HandlerCounts> {
  try {
    const response = await fetch(`${server}/metrics`, { signal: AbortSignal.timeout(settleWithinMs) })
    return handlerCountsIn(await response.text())
  } catch {
    return handlerCountsIn('')
  }
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

function say(text: string): void {
  process.stdout.write(text)
}
