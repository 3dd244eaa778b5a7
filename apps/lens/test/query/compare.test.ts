/** The comparison of cohorts over the real engine, against a model that counts in memory. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { KeyValue, Span } from '@rustok/otlp'
import fc from 'fast-check'
import type { CompareResponse, Problem } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import {
  attributes,
  event,
  hex,
  milliseconds,
  resourceSpans,
  span,
  spanId,
  traceId,
} from '../support/spans.ts'

/** A span as the model sees it. */
interface Known {
  readonly trace: string
  readonly id: string
  readonly startMs: number
  readonly durationMs: number
  readonly failed: boolean
  readonly tenant: string
  readonly values: ReadonlySet<string>
}

const services = ['shop', 'cart', 'db'] as const
const now = Date.now()
const known: Known[] = []
let lens: RunningLens

before(async () => {
  lens = await RunningLens.start()
  for (const spans of fc.sample(fc.array(randomSpan, { minLength: 1, maxLength: 6 }), {
    numRuns: 250,
    seed: 4,
  })) {
    const trace = traceId()
    const sent = spans.map((random, index) => made(trace, random, index, spans[0]!.tenant))
    const request = {
      resourceSpans: sent.map(({ span, random }) =>
        resourceSpans(services[random.service]!, [span], { resource: { zone: `z${random.zone}` } }),
      ),
    }
    requests.push(request)
  }
  await lens.send({ resourceSpans: requests.flatMap(({ resourceSpans }) => resourceSpans) })
  // Sent again: stored once more, counted once.
  await lens.send({ resourceSpans: requests.slice(0, 60).flatMap(({ resourceSpans }) => resourceSpans) })
})
after(() => lens[Symbol.asyncDispose]())

const requests: { resourceSpans: ReturnType<typeof resourceSpans>[] }[] = []

const randomSpan = fc.record({
  service: fc.nat({ max: 2 }),
  zone: fc.nat({ max: 2 }),
  tenant: fc.nat({ max: 3 }),
  route: fc.nat({ max: 5 }),
  rows: fc.integer({ min: -500_000, max: 500_000 }),
  code: fc.constantFrom(200n, 404n, 500n),
  ratio: fc.constantFrom(0, 0.5, -3.25),
  durationMs: fc.integer({ min: 1, max: 1000 }),
  failed: fc.nat({ max: 5 }).map((n) => n === 0),
  minute: fc.nat({ max: 40 }),
})
type RandomSpan = typeof randomSpan extends fc.Arbitrary<infer Value> ? Value : never

function made(
  trace: Uint8Array,
  random: RandomSpan,
  index: number,
  tenantNumber: number,
): { span: Span; random: RandomSpan } {
  const id = spanId()
  const startMs = now - (random.minute + 2) * 60_000 + index
  const tenant = tenantNumber === 0 ? '' : `tenant-${tenantNumber}`
  const request = hex(spanId())
  const pairs: Record<string, KeyValue['value']> = {
    'http.route': `/r${random.route}`,
    'odd=key\\:s=': `v${random.route % 2}`,
    'http.response.status_code': random.code,
    'db.rows': BigInt(random.rows),
    ratio: random.ratio,
    'request.id': request,
    ...(tenant === '' ? {} : { tenant_id: tenant }),
  }
  known.push({
    trace: hex(trace),
    id: hex(id),
    startMs,
    durationMs: random.durationMs,
    failed: random.failed,
    tenant,
    values: new Set([
      `attribute http.route /r${random.route}`,
      `attribute odd=key\\:s= v${random.route % 2}`,
      `attribute http.response.status_code ${random.code}`,
      `attribute db.rows ${rangeText(random.rows)}`,
      `attribute ratio ${random.ratio}`,
      `resource zone z${random.zone}`,
      `field tenant ${tenant}`,
      'field user ',
      `field service ${services[random.service]}`,
      'field operation GET /',
      'field kind server',
      `field status ${random.failed ? 'error' : 'unset'}`,
      ...(random.failed ? ['event name exception', `event exception.type E${random.route}`] : []),
    ]),
  })
  return {
    random,
    span: span({
      traceId: trace,
      spanId: id,
      startTimeUnixNano: BigInt(startMs) * milliseconds,
      durationMs: random.durationMs,
      attributes: attributes(pairs),
      status: { code: random.failed ? 2 : 0, message: '' },
      events: random.failed
        ? [event({ name: 'exception', attributes: attributes({ 'exception.type': `E${random.route}` }) })]
        : [],
    }),
  }
}

/** The range of 1, 2, 5, 10… that the number is in, written as the test writes those of an answer. */
function rangeText(number: number): string {
  if (number === 0) return '0..0'
  const size = Math.abs(number)
  const digits = 10 ** (String(size).length - 1)
  const from = [5, 2, 1].find((digit) => size >= digit * digits)! * digits
  const to = from === digits ? 2 * digits : from === 2 * digits ? 5 * digits : 10 * digits
  return number < 0 ? `-${from}..-${to}` : `${from}..${to}`
}

interface Member {
  readonly selected: boolean
  readonly values: ReadonlySet<string>
}

/** What a right answer says of each value that is more frequent among the selected. */
function expected(members: readonly Member[], without: readonly string[] = []) {
  const sizes = { selected: 0, rest: 0 }
  const counts = new Map<string, { selected: number; rest: number }>()
  for (const { selected, values } of members) {
    const side = selected ? 'selected' : 'rest'
    sizes[side]++
    for (const value of values) {
      const count = counts.get(value) ?? { selected: 0, rest: 0 }
      count[side]++
      counts.set(value, count)
    }
  }
  const over = [...counts].filter(
    ([value, { selected, rest }]) =>
      selected + rest >= 2 &&
      selected * sizes.rest > rest * sizes.selected &&
      !without.some((prefix) => value.startsWith(prefix)),
  )
  return { sizes, counts: Object.fromEntries(over.sort(([a], [b]) => (a < b ? -1 : 1))) }
}

function traces(spans: readonly Known[], isSelected: (spans: readonly Known[]) => boolean): Member[] {
  return [...Map.groupBy(spans, ({ trace }) => trace).values()].map((members) => ({
    selected: isSelected(members),
    values: new Set(members.flatMap(({ values }) => [...values])),
  }))
}

async function compare(parameters: Readonly<Record<string, string>>): Promise<CompareResponse> {
  return lens.get('/api/lens/compare', { limit: '1000', ...parameters })
}

function assertAnswer(answer: CompareResponse, { sizes, counts }: ReturnType<typeof expected>): void {
  const given = answer.values.map(({ source, key, value, range, selectedCount, restCount }) => {
    const text = range === null ? value : `${range.from}..${range.to}`
    return [`${source} ${key} ${text}`, { selected: selectedCount, rest: restCount }] as const
  })
  assert.deepEqual(Object.fromEntries(given.toSorted(([a], [b]) => (a < b ? -1 : 1))), counts)
  assert.equal(answer.total, given.length)
  assert.deepEqual(
    [answer.selected, answer.rest],
    [
      { total: sizes.selected, sampled: sizes.selected },
      { total: sizes.rest, sampled: sizes.rest },
    ],
  )
  assert.equal(answer.exact, true)
  for (const { selectedShare, restShare, lift, selectedCount, restCount } of answer.values) {
    assert.equal(selectedShare, selectedCount / sizes.selected)
    assert.equal(restShare, restCount / sizes.rest)
    assert.equal(lift, restCount === 0 ? null : selectedShare / restShare)
  }
}

test('counts the values of slow traces against those of the rest', async () => {
  const answer = await compare({ split: 'duration', threshold: '700ms' })
  assertAnswer(answer, expected(traces(known, (spans) => spans.some(({ durationMs }) => durationMs >= 700))))
})

test('counts the values of slow spans against those of the rest', async () => {
  const answer = await compare({ split: 'duration', threshold: '700ms', unit: 'spans' })
  const members = known.map(({ durationMs, values }) => ({ selected: durationMs >= 700, values }))
  assertAnswer(answer, expected(members))
})

test('counts the values of failed traces of a tenant, and does not say that they failed', async () => {
  const answer = await compare({ split: 'error', tenant: 'tenant-2' })
  const ofTenant = known.filter(({ tenant }) => tenant === 'tenant-2')
  const members = traces(ofTenant, (spans) => spans.some(({ failed }) => failed))
  assertAnswer(answer, expected(members, ['field status']))
})

test('counts what lies within a rectangle of the heatmap against what lies outside', async () => {
  const begin = now - 30 * 60_000
  const end = now - 10 * 60_000
  const answer = await compare({
    split: 'selection',
    selectStart: String(begin),
    selectEnd: String(end),
    selectMinDuration: '300ms',
    selectMaxDuration: '900ms',
  })
  const isInside = (spans: readonly Known[]) => {
    const first = Math.min(...spans.map(({ startMs }) => startMs))
    const longest = Math.max(...spans.map(({ durationMs }) => durationMs))
    return first >= begin && first <= end && longest >= 300 && longest <= 900
  }
  assertAnswer(answer, expected(traces(known, isInside)))
})

test('counts what one search finds against what another does', async () => {
  const answer = await compare({
    split: 'filter',
    tenant: 'tenant-1',
    'other.tenant': 'tenant-2',
    minDuration: '200ms',
  })
  const long = new Set(known.filter(({ durationMs }) => durationMs >= 200).map(({ trace }) => trace))
  const both = known.filter(({ tenant, trace }) => /tenant-[12]/.test(tenant) && long.has(trace))
  assertAnswer(answer, expected(traces(both, ([first]) => first?.tenant === 'tenant-1')))
})

test('takes a field of the other search back, and counts no trace on both sides', async () => {
  const answer = await compare({ split: 'filter', tenant: 'tenant-1', 'other.tenant': '' })
  assertAnswer(answer, expected(traces(known, ([first]) => first?.tenant === 'tenant-1')))
})

test('leaves keys out whose values are unique, and says so', async () => {
  const { identities, values } = await compare({ split: 'error', unit: 'spans' })
  assert.deepEqual(identities, [{ source: 'attribute', key: 'request.id', values: known.length }])
  assert.ok(!values.some(({ key }) => key === 'request.id'))
})

test('ranks by significance, and corrects it for the number of tests', async () => {
  const { values, tests } = await compare({ split: 'error', unit: 'spans' })
  assert.deepEqual(
    values.slice(0, 1).map(({ key, lift }) => ({ key, lift })),
    [{ key: 'name', lift: null }],
  )
  for (const [index, { pValue, falseDiscoveryRate }] of values.entries()) {
    const before = values[index - 1]
    assert.ok(before === undefined || before.pValue <= pValue)
    assert.ok(falseDiscoveryRate >= pValue && falseDiscoveryRate <= 1)
    assert.ok(falseDiscoveryRate <= pValue * tests * (1 + 1e-9))
  }
})

test('has no finding where nobody is selected', async () => {
  const answer = await compare({ split: 'duration', threshold: '1h' })
  assert.deepEqual(answer.values, [])
  assert.equal(answer.selected.total, 0)
})

test('answers for a store in which nothing matches', async () => {
  const answer = await compare({ split: 'error', service: 'none' })
  assert.deepEqual([answer.selected.total, answer.rest.total, answer.values, answer.tests], [0, 0, [], 0])
})

test('names the parameter that is wrong', async () => {
  const wrong: [Record<string, string>, string][] = [
    [{}, 'split'],
    [{ split: 'size' }, 'split'],
    [{ split: 'duration' }, 'threshold'],
    [{ split: 'duration', threshold: 'long' }, 'threshold'],
    [{ split: 'error', unit: 'logs' }, 'unit'],
    [{ split: 'selection', selectStart: '5', selectEnd: '4' }, 'selectStart'],
    [{ split: 'selection', selectStart: '1e3' }, 'selectStart'],
    [{ split: 'selection', selectMinDuration: '2s', selectMaxDuration: '1s' }, 'selectMinDuration'],
    [{ split: 'filter' }, 'split'],
    [{ split: 'filter', 'other.colour': 'red' }, 'other.colour'],
    [{ split: 'filter', 'other.status': 'bad' }, 'other.status'],
    [{ split: 'error', 'other.tenant': 'acme' }, 'other.tenant'],
    [{ split: 'error', tenants: 'acme' }, 'tenants'],
  ]
  for (const [parameters, name] of wrong) {
    const { parameter } = await lens.get<Problem>('/api/lens/compare', parameters, 400)
    assert.equal(parameter, name)
  }
})
