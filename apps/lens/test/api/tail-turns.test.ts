/** Turns of a live tail at times that the test tells, over a real store: rows that come late, readers that do not read, breaks. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { pino } from 'pino'
import { EventStream, type StreamEvent } from '../../src/api/tail/event-stream.ts'
import { Tail, type TailStream } from '../../src/api/tail/tail.ts'
import { TailHub } from '../../src/api/tail/tail-hub.ts'
import { configFromEnvironment } from '../../src/config.ts'
import { QueryLimitError, type StoreEngine } from '../../src/store/engine.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

let directory: TemporaryDirectory
let store: Store
/** Unix seconds. Each test has its own, far from the others'. */
let now = Math.floor(Date.now() / 1000) - 100_000

before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    configFromEnvironment({ RUSTOK_DATA_DIR: directory.path }),
    pino({ level: 'silent' }),
  )
})
after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})
beforeEach(() => {
  now += 1_000
})

let traces = 0

/** So many traces of one span that arrived in this second. */
async function arrive(second: number, count: number): Promise<void> {
  const first = traces
  traces += count
  await store.engine.command(
    `INSERT INTO spans (tenant, trace_id, span_id, start, duration, service, name, kind, resource, scope, received)
     SELECT 'acme', toFixedString(concat('trace', toString(number)), 16), 'onespan1', {second:UInt64} * 1000000000, 1000,
       'shop', 'GET /', 2, '{}', '{}', toDateTime({second:UInt32}) FROM numbers({first:UInt64}, {count:UInt64})`,
    { second, first, count },
  )
}

class Page implements TailStream {
  stalledSince: number | undefined
  readonly events: StreamEvent[] = []
  id = 0

  write(events: readonly StreamEvent[], id: number): void {
    this.events.push(...events)
    this.id = id
  }

  end(): void {}
  abort(): void {}

  /** How many of each kind, since the last time. */
  take(): { shown: number; skipped: unknown[] } {
    const events = this.events.splice(0)
    const skipped = events.filter(({ event }) => event === 'skipped').map(({ data }) => data)
    return { shown: events.length - skipped.length, skipped }
  }
}

function tailOf(unit: 'traces' | 'spans', rate = 10, engine: StoreEngine = store.engine) {
  const page = new Page()
  const tail = new Tail(engine, page, {
    unit,
    rate,
    after: now,
    filter: () => ({ from: 0n, to: 2n ** 64n - 1n }),
  })
  // Half a second after the end of the second, as it is asked about.
  const turn = (second: number) => tail.turn(second * 1000 + 1_600, new AbortController().signal)
  return { page, turn }
}

test('asks once more for what took too much, and then leaves it out and says so', async () => {
  let refusals = 1
  const busy = new Proxy(store.engine, {
    get: (engine, name) => {
      if (name === 'query' && refusals-- > 0) return () => Promise.reject(new QueryLimitError('too much'))
      const value: unknown = Reflect.get(engine, name)
      return typeof value === 'function' ? value.bind(engine) : value
    },
  })
  const { page, turn } = tailOf('traces', 10, busy)
  await arrive(now + 1, 2)
  await turn(now + 1)
  assert.deepEqual(page.take(), { shown: 0, skipped: [] })
  await turn(now + 2)
  assert.deepEqual(page.take(), { shown: 2, skipped: [] })
  refusals = 2
  await arrive(now + 3, 1)
  await turn(now + 3)
  await turn(now + 4)
  assert.deepEqual(page.take(), { shown: 0, skipped: [{ spans: null, reason: 'limit' }] })
  await arrive(now + 5, 1)
  await turn(now + 5)
  assert.deepEqual(page.take(), { shown: 1, skipped: [] })
})

for (const unit of ['traces', 'spans'] as const) {
  test(`tells of ${unit} of a second once, when it has passed`, async () => {
    const { page, turn } = tailOf(unit)
    await arrive(now, 1)
    await arrive(now + 1, 2)
    await arrive(now + 2, 4)
    await turn(now + 1)
    assert.deepEqual(page.take(), { shown: 2, skipped: [] })
    assert.equal(page.id, now + 1)
    await turn(now + 1)
    assert.deepEqual(page.take(), { shown: 0, skipped: [] })
    await turn(now + 2)
    assert.deepEqual(page.take(), { shown: 4, skipped: [] })
    assert.equal(page.id, now + 2)
  })

  test(`tells of ${unit} that are stored late`, async () => {
    const { page, turn } = tailOf(unit)
    await turn(now + 3)
    await arrive(now + 2, 3)
    await turn(now + 4)
    assert.deepEqual(page.take(), { shown: 3, skipped: [] })
    await turn(now + 5)
    assert.deepEqual(page.take(), { shown: 0, skipped: [] })
  })

  test(`counts ${unit} beyond the rate, those stored late to them, too`, async () => {
    const { page, turn } = tailOf(unit)
    await arrive(now + 1, 25)
    await turn(now + 1)
    assert.deepEqual(page.take(), { shown: 10, skipped: [{ spans: 15, reason: 'rate' }] })
    await arrive(now + 1, 5)
    await turn(now + 2)
    assert.deepEqual(page.take(), { shown: 0, skipped: [{ spans: 5, reason: 'rate' }] })
  })

  test(`asks nothing for a client that does not read ${unit}, and tells it later what it missed`, async () => {
    const { page, turn } = tailOf(unit)
    page.stalledSince = 1
    for (let second = 1; second <= 40; second++) {
      if (second % 10 === 0) await arrive(now + second, 20)
      await turn(now + second)
    }
    assert.deepEqual(page.take(), { shown: 0, skipped: [] })
    page.stalledSince = undefined
    await turn(now + 41)
    assert.deepEqual(page.take(), { shown: 30, skipped: [{ spans: 50, reason: 'reader' }] })
  })
}

test('sends spans once that share a second with late ones', async () => {
  const { page, turn } = tailOf('spans')
  await arrive(now + 1, 3)
  await turn(now + 1)
  await arrive(now + 1, 2)
  await turn(now + 2)
  assert.deepEqual(page.take(), { shown: 5, skipped: [] })
})

test('says that a break was too long to count what came in it', async () => {
  const { page, turn } = tailOf('traces')
  await arrive(now + 10, 2)
  await arrive(now + 390, 3)
  await turn(now + 400)
  assert.deepEqual(page.take(), { shown: 3, skipped: [{ spans: null, reason: 'gap' }] })
})

test('has as many tails as it may, and lets a reader go that reads no more', async () => {
  const log = pino({ level: 'silent' })
  const hub = new TailHub(log as never, { clients: 2, clientsOfOne: 1, longestStallMs: 10 })
  const aborted = Promise.withResolvers<void>()
  const page = new Page()
  page.stalledSince = performance.now() - 1_000
  page.abort = aborted.resolve
  const options = { unit: 'spans', rate: 1, after: now, filter: () => ({ from: 0n, to: 0n }) } as const
  const add = (owner: string, stream: TailStream) =>
    hub.add({ owner, mayRead: () => true }, () => new Tail(store.engine, stream, options))
  add('one', new Page())
  assert.throws(() => add('one', new Page()), { name: 'TailsFullError', whose: 'client' })
  add('two', page)
  assert.throws(() => add('three', new Page()), { name: 'TailsFullError', whose: 'all' })
  await aborted.promise
  add('three', new Page())
  await hub.close()
  assert.throws(() => add('four', new Page()), { name: 'TailsFullError' })
})

test('notices a reader that does not read, and one that reads on', async () => {
  const { promise, resolve } = Promise.withResolvers<EventStream>()
  const server = createServer((_, response) => resolve(new EventStream(response, {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const client = connect(port, '127.0.0.1')
  client.pause()
  client.write('GET / HTTP/1.1\r\nhost: lens\r\n\r\n')
  const stream = await promise
  const events = Array.from({ length: 100 }, () => ({ event: 'trace', data: 'x'.repeat(1_000) }))
  // Until the kernel's buffers are full, too.
  for (let id = 0; stream.stalledSince === undefined; id++) {
    stream.write(events, id)
    await new Promise(setImmediate)
  }
  client.resume()
  while (stream.stalledSince !== undefined) await once(client, 'data')
  client.destroy()
  server.close()
  await once(server, 'close')
})
