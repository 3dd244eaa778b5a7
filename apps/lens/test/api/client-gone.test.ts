/**
 * Clients that hang up: the engine stops working for them, on every route that asks it anything. Every row that is read takes a while here, so that a query
 * that nobody stops runs for many seconds.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { Gatekeeper } from '../../src/access/gatekeeper.ts'
import { ApiServer } from '../../src/api/api-server.ts'
import { CallCounter } from '../../src/calls/call-counter.ts'
import { SpanIntake } from '../../src/ingest/span-intake.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { relationsOf } from '../../src/store/tenancy/table-filters.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

/** What an operator would be told: nobody failed. */
const told: string[] = []
const log = pino({ level: 'warn' }, { write: (line: string) => void told.push(line) })
const trace = 'ab'.repeat(16)
let directory: TemporaryDirectory
let store: Store
let api: ApiServer
let url: string
before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore({ dataDirectory: directory.path, clickhouseUrl: undefined }, log)
  // A part for each day of arrival, which no merge joins; the engine looks whether it should stop between parts.
  for (const day of [0, 25]) {
    await store.engine.command(
      `INSERT INTO spans (tenant, trace_id, span_id, start, duration, service, name, kind, received)
       SELECT 'acme', unhex({trace:String}), unhex(leftPad(hex(number), 16, '0')), {start:UInt64} + number, 1000,
         'shop', 'GET /', 2, now() - INTERVAL {day:UInt32} + intDiv(number, 12) DAY FROM numbers(300)`,
      { trace, day, start: BigInt(Date.now() - 60_000) * 1_000_000n },
    )
    await store.engine.command(
      `INSERT INTO logs (tenant, trace_id, time, service, body, received)
       SELECT 'acme', unhex({trace:String}), {time:UInt64} + number, 'shop', toString(number),
         now() - INTERVAL {day:UInt32} + intDiv(number, 12) DAY FROM numbers(300)`,
      { trace, day, time: BigInt(Date.now() - 60_000) * 1_000_000n },
    )
  }
  const slow = { ...store, engine: await slowed(store.engine) }
  const gatekeeper = await Gatekeeper.open(undefined, log)
  const config = {
    host: '127.0.0.1',
    allowedHosts: [],
    dataDirectory: directory.path,
    endpoints: () => ({ otlpGrpcPort: 0, otlpHttpPort: 0 }),
  }
  const calls = new CallCounter(store, log)
  api = await ApiServer.create(slow, new SpanIntake(slow, log), calls, gatekeeper, config, log)
  url = `http://127.0.0.1:${await api.listen(0)}`
})
after(async () => {
  await api.close()
  await store.close()
  await directory[Symbol.asyncDispose]()
})

async function slowed(engine: StoreEngine): Promise<StoreEngine> {
  const relations = await relationsOf(engine)
  const tableFilters = `{${relations.map(({ name }) => `'${name}': 'sleepEachRow(0.02) = 0'`).join(', ')}}`
  const limits = { seconds: 600, memoryBytes: 1e9, resultRows: 1e6 }
  return {
    query: (statement, parameters, options) =>
      engine.query(statement, parameters, { ...options, limits, tableFilters }),
    columns: (statement, parameters, options) =>
      engine.columns(statement, parameters, { ...options, limits, tableFilters }),
    insert: (...insert) => engine.insert(...insert),
    command: (...command) => engine.command(...command),
    close: async () => {},
  }
}

/** How many statements the engine works on, but for the one that asks. */
async function working(): Promise<number> {
  const { rows } = await store.engine.query<{ count: string }>(
    "SELECT count() AS count FROM system.processes WHERE query NOT LIKE '%system.processes%'",
  )
  return Number(rows[0]?.count)
}

/** A route refuses what it does not know: one of these is what it does. */
function addressesOf(pattern: string): readonly string[] {
  const path = pattern
    .replace(/:service\b/, 'shop')
    .replace(/:trace_?id\b|:id\b/i, trace)
    .replace(/:spanId\b/, '1'.padStart(16, '0'))
    .replace(/:\w+/g, 'acme')
  const [from, to] = [Date.now() - 3_600_000, Date.now()]
  const range = { start: String(from), end: String(to), service: 'shop' }
  const known = {
    ...{ start: String(from * 1_000), end: String(to * 1_000), service: 'shop' },
    'query.service_name': 'shop',
    'query.start_time_min': new Date(from).toISOString(),
    'query.start_time_max': new Date(to).toISOString(),
  }
  const questions = [
    range,
    { ...range, split: 'error' },
    { ...range, key: 'http.route' },
    { text: 'shop' },
    { service: 'shop', quantile: '0.5' },
    { start: range.start, end: range.end },
    {},
  ]
  const asked = pattern.startsWith('/api/lens/') ? questions : [known, ...questions]
  return asked.map((parameters) => `${path}?${new URLSearchParams(parameters)}`)
}

/** Asks, and hangs up when the engine has begun to work for it. What was answered, if that came before. */
async function hangUpOn(address: string): Promise<string | undefined> {
  const hangUp = new AbortController()
  let answer: string | undefined
  const asked = fetch(url + address, { signal: hangUp.signal })
    .then(async (response) => `${response.status} ${(await response.text()).slice(0, 200)}`)
    .then(
      (text) => {
        answer = text
      },
      () => {},
    )
  // Often: what reads a row or two takes no longer than them.
  while (answer === undefined && (await working()) === 0) await sleep(5)
  hangUp.abort()
  await asked
  return answer
}

test('stops every query of a client that hangs up, on every route', { timeout: 240_000 }, async () => {
  const stopped: string[] = []
  const unstopped = new Map<string, string>()
  for (const route of api.routes) {
    const [method, pattern = ''] = route.split(' ')
    if (method !== 'GET' || !pattern.startsWith('/api/') || pattern.includes('*')) continue
    const answers: string[] = []
    for (const address of addressesOf(pattern)) {
      const answer = await hangUpOn(address)
      if (answer !== undefined) {
        answers.push(`${address} answered ${answer}`)
        continue
      }
      while ((await working()) > 0) await sleep(40)
      stopped.push(route)
      break
    }
    if (stopped.at(-1) !== route) unstopped.set(route, answers.join('\n'))
  }
  for (const route of quick) unstopped.delete(route)
  assert.deepEqual([...unstopped.values()], [])
  assert.ok(stopped.length > 30, `${stopped.length} routes`)
  assert.deepEqual(told, [])
})

/** They answer without the store. */
const quick = [
  'GET /api/openapi.json',
  'GET /api/lens/endpoints',
  'GET /api/lens/session',
  'GET /api/metrics/minstep',
]

test('stops queries that have not begun when their client hangs up', { timeout: 120_000 }, async () => {
  const hangUp = new AbortController()
  const asked = Array.from({ length: 40 }, () =>
    fetch(`${url}${addressesOf('/api/lens/search')[0]}`, { signal: hangUp.signal }).catch(() => {}),
  )
  while ((await working()) === 0) await sleep(40)
  hangUp.abort()
  await Promise.all(asked)
  while ((await working()) > 0) await sleep(40)
  // Nothing that waited has come after it.
  for (let look = 0; look < 5; look++) {
    assert.equal(await working(), 0)
    await sleep(50)
  }
})
