/** Counts over many traces: facets, latencies and attributes agree with each other and with a model, exactly or by a sample that says so. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { attributeKeys, attributeValues } from '../../src/query/attributes.ts'
import { facets } from '../../src/query/facets.ts'
import type { TraceFilter } from '../../src/query/filter.ts'
import { heatmap } from '../../src/query/heatmap.ts'
import { histogram } from '../../src/query/histogram.ts'
import { parseFieldName } from '../../src/query/language/parse-field.ts'
import { parseQuery } from '../../src/query/language/parse-query.ts'
import { latency } from '../../src/query/latency.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

/** So many traces of ten spans, in two tenants: more spans than are counted one by one in the first, few in the second. */
const traces = { big: 50_000, small: 1000 }
const from = 1_790_000_000_000_000_000n
const second = 1_000_000_000n
const everything: TraceFilter = { from, to: from + 3600n * second }
const ofBig: TraceFilter = { ...everything, tenant: 'big' }
const ofSmall: TraceFilter = { ...everything, tenant: 'small' }

let directory: TemporaryDirectory
let store: Store

before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    { dataDirectory: directory.path, clickhouseUrl: undefined },
    pino({ level: 'silent' }),
  )
  for (const [tenant, count] of Object.entries(traces)) {
    // Every tenth trace fails in its last span; span k of a trace lasts 2^k ms; the last span of each is sent twice.
    await store.engine.command(
      `INSERT INTO spans (tenant, trace_id, span_id, parent_span_id, start, duration, user, service, name, kind, status,
         resource, scope, attributes, events, received)
       SELECT {tenant:String}, MD5(concat({tenant:String}, toString(trace))), reinterpretAsFixedString(number + 1),
         toFixedString('', 8), {from:UInt64} + trace * 60000000, toInt64(exp2(span)) * 1000000,
         concat('user ', toString(trace % 200)), if(span < 5, 'front', 'back'), concat('operation ', toString(span)),
         2 + span % 2, if(trace % 10 = 0 AND span = 9, 2, 0), '{"attributes":["host.name:s=a"]}', '{}',
         ['http.route:s=/a', concat('code:i=', toString(200 + trace % 3))],
         if(span = 9, [['0 0', 'name:s=exception', 'exception.type:s=Boom']], []), now()
       FROM (SELECT number, intDiv(number, 11) AS trace, least(number % 11, 9) AS span FROM numbers({rows:UInt64}))`.replace(
        'reinterpretAsFixedString(number + 1)',
        'toFixedString(reinterpretAsString(trace * 16 + span + 1), 8)',
      ),
      { tenant, from, rows: count * 11 },
    )
  }
})

after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})

/** Six standard errors off, a sample would be broken. */
function assertNear(found: number, expected: number, oneIn: number, message: string): void {
  const error = oneIn === 1 ? 0 : 6 * Math.sqrt(expected * oneIn)
  assert.ok(Math.abs(found - expected) <= error, `${message}: ${found} for ${expected}, one in ${oneIn}`)
}

test('counts exactly what is little, and a part of what is much, and says which', async () => {
  const small = await facets(store.engine, ofSmall)
  const big = await facets(store.engine, ofBig)
  assert.equal(small.sample.oneIn, 1)
  assert.equal(big.sample.oneIn, 2)
  for (const [answer, count] of [
    [small, traces.small],
    [big, traces.big],
  ] as const) {
    const { oneIn } = answer.sample
    assert.deepEqual(new Set(answer.services.map(({ value }) => value)), new Set(['front', 'back']))
    for (const list of [answer.services, answer.operations, answer.kinds]) {
      for (const { value, count: found } of list) assertNear(found, count, oneIn, value)
    }
    assertNear(answer.statuses.find(({ value }) => value === 'error')?.count ?? 0, count / 10, oneIn, 'error')
    for (const { value, count: found } of answer.users) assertNear(found, count / 200, oneIn, value)
    assert.equal(answer.users.length, 100)
    assert.deepEqual(answer.truncated, ['users'])
  }
})

test('counts the values of attributes, wherever they stand', async () => {
  const names = ['code', 'span.http.route', 'resource.host.name', 'exception.type', 'absent.key']
  const asked = names.map((name) => {
    const field = parseFieldName(name)
    assert.ok(field.type === 'attribute')
    return { name, attribute: field }
  })
  const { fields } = await facets(store.engine, ofSmall, asked)
  assert.deepEqual(
    fields.map(({ field, values }) => [field, ...values.map(({ value, count }) => `${value}: ${count}`)]),
    [
      ['code', '200: 334', '201: 333', '202: 333'],
      ['span.http.route', '/a: 1000'],
      ['resource.host.name', 'a: 1000'],
      ['exception.type', 'Boom: 1000'],
      ['absent.key'],
    ],
  )
})

test('agrees on one total in facets, histogram, latencies and heatmap of one filter', async () => {
  for (const filter of [
    ofSmall,
    ofBig,
    everything,
    { ...ofBig, status: 'ok', minDuration: 3n * second } as const,
    { ...ofBig, query: parseQuery('{ status = error } and { code >= 201 }') },
  ]) {
    const counts = await histogram(store.engine, filter)
    const total = counts.buckets.reduce((sum, { count }) => sum + count, 0)
    const statuses = (await facets(store.engine, filter)).statuses
    if (!('status' in filter))
      assert.equal(
        statuses.reduce((sum, { count }) => sum + count, 0),
        total,
      )
    const of = await latency(store.engine, filter, 'traces')
    const map = await heatmap(store.engine, filter, 'traces')
    assert.deepEqual([of.total, map.total], [total, total])
    assert.equal(of.errorTotal, map.errorTotal)
    for (const [index, bucket] of map.durations.entries()) {
      const cells = map.cells.filter(({ duration }) => duration === index)
      const same = of.buckets.find(({ fromNano }) => fromNano === bucket.fromNano)
      assert.equal(
        cells.reduce((sum, { count }) => sum + count, 0),
        same?.count,
      )
    }
    assert.deepEqual(of.sample, map.sample)
  }
})

test('puts durations into buckets that hold them, and counts a span that was sent twice once', async () => {
  const { buckets, total, errorTotal, percentiles } = await latency(store.engine, ofSmall, 'spans')
  assert.equal(total, traces.small * 10)
  assert.equal(errorTotal, traces.small / 10)
  const filled = buckets.filter(({ count }) => count > 0)
  assert.equal(filled.length, 10)
  for (const [index, { fromNano, toNano, count }] of filled.entries()) {
    const nanos = 2 ** index * 1_000_000
    assert.ok(fromNano <= nanos && nanos < toNano, `${nanos} in ${fromNano} to ${toNano}`)
    assert.equal(count, traces.small)
  }
  for (const [index, { toNano }] of buckets.entries()) {
    assert.equal(buckets[index + 1]?.fromNano ?? toNano, toNano)
  }
  assert.equal(percentiles?.p99, 512_000_000)
  assert.ok([16_000_000, 32_000_000].includes(percentiles.p50))
})

test('answers with nothing when nothing matches', async () => {
  const nothing = { ...everything, tenant: 'nobody' }
  const empty = await latency(store.engine, nothing, 'traces')
  assert.deepEqual([empty.total, empty.buckets, empty.percentiles], [0, [], undefined])
  const map = await heatmap(store.engine, nothing, 'spans')
  assert.deepEqual([map.total, map.cells, map.durations], [0, [], []])
})

test('lists the keys that spans have, by where they have them, and the values of one', async () => {
  const { keys, sample } = await attributeKeys(store.engine, ofSmall, '')
  assert.deepEqual(
    keys.map(({ key, of, type, count }) => [of, key, type, count]),
    [
      ['span', 'code', 'int', 10_000],
      ['resource', 'host.name', 'string', 10_000],
      ['span', 'http.route', 'string', 10_000],
      ['event', 'exception.type', 'string', 1000],
      ['event', 'name', 'string', 1000],
    ],
  )
  assert.deepEqual(sample, { oneIn: 1 })
  const found = await attributeKeys(store.engine, ofSmall, 'HTTP')
  assert.deepEqual(
    found.keys.map(({ key }) => key),
    ['http.route'],
  )
  const code = parseFieldName('code')
  assert.ok(code.type === 'attribute')
  const values = await attributeValues(store.engine, ofSmall, code, '20')
  assert.deepEqual(values.values, [
    { value: '200', count: 3340 },
    { value: '201', count: 3330 },
    { value: '202', count: 3330 },
  ])
  const users = await attributeValues(store.engine, ofSmall, 'user', 'user 19')
  assert.ok(users.values.length > 0 && users.values.every(({ count }) => count === 50), 'of a column, too')
  const services = await attributeValues(store.engine, everything, 'service', 'F')
  assert.deepEqual(
    services.values.map(({ value }) => value),
    ['front'],
  )
  const big = await attributeKeys(store.engine, ofBig, '')
  assert.equal(big.truncated, false)
  assert.ok(big.sample.oneIn > 1)
  assert.equal(big.keys.length, 5)
  assert.ok((big.keys[0]?.count ?? 0) < traces.big * 11)
})

test('knows keys and values by the indexes that a sample has not seen, whatever their case', async () => {
  await store.engine.command(
    `INSERT INTO spans (tenant, trace_id, span_id, parent_span_id, start, duration, service, name, resource, scope, attributes, events, received)
     SELECT 'big', MD5(concat('rare ', toString(number))), toFixedString(reinterpretAsString(number + 1), 8), toFixedString('', 8), {from:UInt64} + 1500000000000, 1, 'front', 'rare',
       '{"attributes":[]}', '{}', [concat('code:i=', toString(900 + number)), concat('order.id:s=Order ', toString(number))],
       [['0 0', 'name:s=oops', 'Order\\\\=no:i=3']], now()
     FROM numbers(3)`,
    { from },
  )
  // Of each part the first rows are always looked at.
  await store.engine.command('OPTIMIZE TABLE spans FINAL')
  const code = parseFieldName('code')
  const order = parseFieldName('span.order.id')
  assert.ok(code.type === 'attribute' && order.type === 'attribute')
  const codes = await attributeValues(store.engine, everything, code, '')
  assert.ok(codes.sample.oneIn > 1)
  assert.deepEqual(codes.values.map(({ value }) => value).sort(), ['200', '201', '202', '900', '901', '902'])
  assert.deepEqual(codes.values.at(-1), { value: '902', count: 0 })
  assert.deepEqual(await attributeValues(store.engine, everything, order, 'order'), {
    values: ['Order 0', 'Order 1', 'Order 2'].map((value) => ({ value, count: 0 })),
    truncated: false,
    sample: codes.sample,
  })

  const all = await attributeKeys(store.engine, everything, '')
  assert.equal(all.truncated, true)
  const some = await attributeKeys(store.engine, everything, 'order')
  assert.deepEqual(some.keys, [{ of: 'span', key: 'order.id', type: 'string', count: 0 }])
  const others = await attributeKeys(store.engine, everything, 'Order')
  assert.deepEqual(others.keys, [{ of: 'event', key: 'Order=no', type: 'int', count: 0 }])
  const known = await attributeKeys(store.engine, everything, 'http')
  assert.deepEqual(
    known.keys.map(({ key }) => key),
    ['http.route'],
  )
  // Whoever sees some tenants, or asks for one, is not told what others have.
  for (const [engine, filter] of [
    [store.restrictedTo(['big']), everything],
    [store.engine, ofBig],
  ] as const) {
    assert.deepEqual((await attributeKeys(engine, filter, 'order')).keys, [])
    assert.deepEqual((await attributeValues(engine, filter, order, '')).values, [])
  }
})
