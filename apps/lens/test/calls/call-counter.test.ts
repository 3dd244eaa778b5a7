/** Calls between services, counted from spans that arrive in every order, in any insert, and more than once; against a naive count. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Span } from '@rustok/otlp'
import fc from 'fast-check'
import { pino } from 'pino'
import { CallCounter } from '../../src/calls/call-counter.ts'
import { compactCalls } from '../../src/calls/count-calls.ts'
import { dependencies } from '../../src/query/dependencies.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { spanBlock } from '../support/blocks.ts'
import { attributes, request, span, traceId } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const log = pino({ level: 'silent' })
const patience = 60_000
const hour = 3_600_000_000_000n
const base = 1_790_000_000_000_000_000n
/** Unix seconds of arrival. */
const arrival = 1_790_000_100

let directory: TemporaryDirectory
let store: Store
before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore({ dataDirectory: directory.path, clickhouseUrl: undefined }, log)
})
after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})
beforeEach(async () => {
  for (const table of ['spans', 'traces', 'calls', 'counted_seconds']) {
    await store.engine.command(`TRUNCATE TABLE ${table}`)
  }
})

interface Made {
  readonly service: string
  readonly span: Span
}

function made(service: string, parent: Made | undefined, fields: Parameters<typeof span>[0] = {}): Made {
  return {
    service,
    span: span({
      startTimeUnixNano: base,
      ...(parent === undefined ? {} : { traceId: parent.span.traceId, parentSpanId: parent.span.spanId }),
      ...fields,
    }),
  }
}

async function insert(spans: readonly Made[], received = arrival): Promise<void> {
  const block = spanBlock(
    spans.map(({ service, span }) => request(service, [span])),
    received,
  )
  await store.engine.insert('spans', block.columnNames, block.encode())
}

async function counted(counter: CallCounter, tenant?: string): Promise<string[]> {
  assert.equal(await counter.catchUp(patience), true)
  return known(tenant)
}

async function known(tenant?: string): Promise<string[]> {
  const found = await dependencies(store.engine, { from: 0n, to: 2n ** 63n, tenant })
  return found.map(({ parent, child, calls, failed }) => `${parent}>${child} ${calls}/${failed}`)
}

test('counts a call whichever of its spans arrives first, and however often', async () => {
  const [early, late] = [made('web', undefined), made('web', undefined)]
  const [child, other] = [
    made('db', early, { kind: 1 }),
    made('db', late, { status: { code: 2, message: '' } }),
  ]
  const counter = new CallCounter(store, log)
  await insert([early], arrival)
  await insert([other], arrival)
  assert.deepEqual(await counted(counter), [])
  await insert([child], arrival + 1)
  assert.deepEqual(await counted(counter), ['web>db 1/0'])
  // In a second that was counted before, as an insert that took long.
  await insert([late], arrival)
  assert.deepEqual(await counted(counter), ['web>db 2/1'])
  await insert([early, child, other, late], arrival + 2)
  await insert([child, child], arrival + 3)
  assert.deepEqual(await counted(counter), ['web>db 2/1'])
  await counter.close()
})

test('counts no span within a service, without a parent, or whose parent is not stored', async () => {
  const root = made('web', undefined)
  const inner = made('web', root, { kind: 1 })
  const lost = made('db', made('gone', undefined))
  const counter = new CallCounter(store, log)
  await insert([root, inner, lost, made('db', inner)])
  assert.deepEqual(await counted(counter), ['web>db 1/0'])
  await counter.close()
})

test('finds a parent that began a day before, or a year, or in 1970', async () => {
  const counter = new CallCounter(store, log)
  const parents = [30n, 9000n, base / hour].map((hours) =>
    made('batch', undefined, { startTimeUnixNano: base - hours * hour }),
  )
  await insert(parents.slice(0, 1))
  await insert(
    parents.map((parent) => made('worker', parent)),
    arrival + 60,
  )
  assert.deepEqual(await counted(counter), ['batch>worker 1/0'])
  await insert(parents.slice(1), arrival + 120)
  assert.deepEqual(await counted(counter), ['batch>worker 3/0'])
  await counter.close()
})

test('keeps names apart that run into each other, whatever their characters', async () => {
  const counter = new CallCounter(store, log)
  for (const [parent, child] of [
    ['a', 'bc'],
    ['ab', 'c'],
    ['12:x', ':'],
    ['zé\u0000', '\u0000'],
  ] as const) {
    const root = made(parent, undefined)
    await insert([root, made(child, root)])
  }
  assert.deepEqual((await counted(counter)).toSorted(), [
    '12:x>: 1/0',
    'a>bc 1/0',
    'ab>c 1/0',
    'zé\u0000>\u0000 1/0',
  ])
  await counter.close()
})

test('goes on where another counter stopped, and counts what was there before it', async () => {
  const root = made('web', undefined)
  await insert([root])
  const first = new CallCounter(store, log)
  assert.deepEqual(await counted(first), [])
  await first.close()
  await insert([made('db', root)], arrival + 5)
  const second = new CallCounter(store, log)
  assert.deepEqual(await counted(second), ['web>db 1/0'])
  await second.close()
})

test('counts once when several count at the same time', async () => {
  const counters = [1, 2, 3].map(() => new CallCounter(store, log))
  const roots = Array.from({ length: 20 }, () => made('web', undefined))
  for (const [index, root] of roots.entries()) await insert([root, made('db', root)], arrival + index)
  await Promise.all(counters.map((counter) => counter.catchUp(patience)))
  for (const counter of counters) {
    assert.deepEqual(await counted(counter), ['web>db 20/0'])
    await counter.close()
  }
})

test('looks by itself, and does not wait longer than it is told to', async () => {
  const counter = new CallCounter(store, log)
  const root = made('web', undefined)
  await insert([root, made('db', root)])
  assert.equal(await counter.catchUp(0), false)
  counter.start()
  for (;;) {
    const found = await dependencies(store.engine, { from: 0n, to: 2n ** 63n })
    if (found.length > 0) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await counter.close()
})

test('asks for times, a service and a tenant; a call between two tenants is neither’s', async () => {
  const of = (tenant: string) => ({ attributes: attributes({ tenant_id: tenant }) })
  const root = made('web', undefined, of('acme'))
  const counter = new CallCounter(store, log)
  await insert([
    root,
    made('db', root, { ...of('acme'), startTimeUnixNano: base + hour }),
    made('mail', root, of('globex')),
    made('cache', root),
  ])
  assert.deepEqual(await counted(counter), ['web>cache 1/0', 'web>db 1/0', 'web>mail 1/0'])
  assert.deepEqual(await counted(counter, 'acme'), ['web>db 1/0'])
  assert.deepEqual(await counted(counter, 'globex'), [])
  assert.deepEqual(await counted(counter, ''), [])
  const names = async (question: Partial<Parameters<typeof dependencies>[1]>) =>
    (await dependencies(store.engine, { from: 0n, to: 2n ** 63n, ...question })).map(({ child }) => child)
  assert.deepEqual(await names({ from: base + 1n }), ['db'])
  assert.deepEqual(await names({ from: base, to: base }), ['cache', 'mail'])
  assert.deepEqual(await names({ service: 'db' }), ['db'])
  assert.deepEqual(await names({ service: 'nobody' }), [])
  const bound = store.restrictedTo(['acme', 'globex'])
  const seen = await dependencies(bound, { from: 0n, to: 2n ** 63n })
  assert.deepEqual(
    seen.map(({ child }) => child),
    ['db'],
  )
  await counter.close()
})

test('gives way to ingest until somebody asks, or until ingest rests, and says how far it is', async () => {
  let isBusy = true
  const counter = new CallCounter(store, log, () => isBusy)
  const root = made('web', undefined)
  await insert([root, made('db', root)])
  counter.start()
  // It looks every two seconds while spans arrive; nothing tells that it does not.
  await sleep(5_000)
  assert.equal(counter.countedUntil, undefined)
  assert.equal((await dependencies(store.engine, { from: 0n, to: 2n ** 63n, tenant: undefined })).length, 0)
  const asked = Date.now()
  // Beside ingest a question waits for a moment alone; so it asks again.
  while (!(await counter.catchUp(patience)));
  assert.deepEqual(await known(), ['web>db 1/0'])
  assert.ok((counter.countedUntil ?? 0) >= asked)
  await insert([root, made('cache', root)])
  const stored = Date.now()
  isBusy = false
  while ((counter.countedUntil ?? 0) < stored) await sleep(100)
  const found = await dependencies(store.engine, { from: 0n, to: 2n ** 63n, tenant: undefined })
  assert.deepEqual(found.map(({ child }) => child).sort(), ['cache', 'db'])
  await counter.close()
})

test('keeps no question waiting while ingest needs the processors, and does what it was asked', async () => {
  const slow = Promise.withResolvers<void>()
  const engine: Pick<StoreEngine, 'query' | 'command'> = {
    query: (...question) => store.engine.query(...question),
    async command(...command) {
      await slow.promise
      return store.engine.command(...command)
    },
  }
  const counter = new CallCounter({ ...store, engine: { ...store.engine, ...engine } }, log, () => true)
  const root = made('web', undefined)
  await insert([root, made('db', root)])
  // For ever, if it were not for that.
  assert.equal(await counter.catchUp(Number.POSITIVE_INFINITY), false)
  slow.resolve()
  await counter.close()
  assert.deepEqual(await known(), ['web>db 1/0'])
})

test('joins what was written piece by piece, and answers the same', async () => {
  const counter = new CallCounter(store, log)
  const root = made('web', undefined)
  for (let second = 0; second < 5; second++) {
    await insert([root, made('db', root)], arrival + second)
    await counter.catchUp(patience)
  }
  const scattered = await counted(counter)
  assert.deepEqual(scattered, ['web>db 5/0'])
  await compactCalls(store)
  assert.deepEqual(await counted(counter), scattered)
  const { rows } = await store.engine.query<{ rows: string }>(
    "SELECT rows FROM system.parts WHERE active AND database = currentDatabase() AND table = 'calls'",
  )
  // One piece, in which each call is once.
  assert.deepEqual(rows, [{ rows: '5' }])
  await counter.close()
})

/** Of a trace: for each span its service, the number of its parent (itself for none), whether it failed, and in which inserts it comes. */
const trace = fc.array(
  fc.record({
    service: fc.constantFrom('a', 'b', 'c'),
    parent: fc.nat(12),
    failed: fc.boolean(),
    kind: fc.constantFrom(0, 1, 2, 3, 4, 5),
    inserts: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 12 },
)

type Plan = typeof trace extends fc.Arbitrary<infer Value> ? Value : never

test('counts what a naive count finds, for random traces in random inserts', async () => {
  const counter = new CallCounter(store, log)
  let run = 0
  const check = async (traces: readonly Plan[]) => {
    // Names and seconds of its own, so that the store need not be emptied.
    run++
    const inserts: Made[][] = [[], [], [], []]
    const expected = new Map<string, [calls: number, failed: number]>()
    for (const plan of traces) {
      const id = traceId()
      const spans = plan.map(({ service, failed, kind }, index) =>
        made(`${run}${service}`, undefined, {
          traceId: id,
          kind,
          startTimeUnixNano: base + BigInt(index) * hour,
          status: { code: failed ? 2 : 0, message: '' },
        }),
      )
      for (const [index, { parent, failed, inserts: places }] of plan.entries()) {
        const [self, above] = [spans[index], parent === index ? undefined : spans[parent]]
        assert.ok(self !== undefined)
        const sent = {
          service: self.service,
          span: { ...self.span, parentSpanId: above?.span.spanId ?? new Uint8Array(0) },
        }
        for (const place of places) inserts[place]?.push(sent)
        if (above === undefined || above.service === self.service) continue
        const edge = `${above.service}>${self.service}`
        const [calls, failures] = expected.get(edge) ?? [0, 0]
        expected.set(edge, [calls + 1, failures + (failed ? 1 : 0)])
      }
    }
    for (const [index, spans] of inserts.entries()) {
      if (spans.length > 0) await insert(spans, arrival + 2 * run + (index % 2))
      if (index % 2 === 1) await counter.catchUp(patience)
    }
    const lines = [...expected].map(([edge, [calls, failed]]) => `${edge} ${calls}/${failed}`)
    const found = await counted(counter)
    assert.deepEqual(
      found.filter((line) => line.startsWith(`${run}`) && !/^\d/.test(line.slice(`${run}`.length))),
      lines.toSorted(),
    )
  }
  await fc.assert(fc.asyncProperty(fc.array(trace, { minLength: 1, maxLength: 6 }), check), {
    numRuns: 6,
    endOnFailure: true,
  })
  await counter.close()
})
