/** The lists of tenants and of users over the real engine, against a model that looks at every span in memory. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ResourceSpans } from '@rustok/otlp'
import fc from 'fast-check'
import type {
  PeriodStatistics,
  Problem,
  RequestStatisticsView,
  TenantStatistics,
  TenantsResponse,
  UsersResponse,
} from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, hex, milliseconds, resourceSpans, span, spanId, traceId } from '../support/spans.ts'

interface Known {
  readonly trace: string
  readonly id: string
  readonly isRoot: boolean
  readonly kind: number
  readonly startMs: number
  readonly durationMs: number
  readonly failed: boolean
  readonly tenant: string
  readonly user: string
}

const minute = 60_000
const bucket = minute / 2
/** Two periods of 30 minutes that end at a whole minute. */
const end = Math.floor(Date.now() / minute) * minute - 1
const start = end - 30 * minute + 1
const range = { start: String(start), end: String(end) }

const known: Known[] = []
let lens: RunningLens

const randomTrace = fc.record({
  minute: fc.nat({ max: 59 }),
  spans: fc.array(
    fc.record({
      isChild: fc.nat({ max: 3 }).map((n) => n > 0),
      kind: fc.nat({ max: 5 }),
      tenant: fc.constantFrom('', 'acme', 'acme', 'globex', 'Initech'),
      user: fc.constantFrom('', 'ann', 'bob'),
      failed: fc.nat({ max: 4 }).map((n) => n === 0),
      durationMs: fc.integer({ min: 0, max: 5_000 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
})

before(async () => {
  lens = await RunningLens.start()
  const sent: ResourceSpans[] = []
  for (const { minute: age, spans } of fc.sample(randomTrace, { numRuns: 400, seed: 11 })) {
    const trace = traceId()
    // Within the minute, so that no trace lies across the end of a period; no two spans of a trace begin together.
    const began = end + 1 - (age + 1) * minute + 100
    for (const [index, { isChild, kind, tenant, user, failed, durationMs }] of spans.entries()) {
      const id = spanId()
      const startMs = began + ((index * 3) % 7) * 1000
      known.push({
        trace: hex(trace),
        id: hex(id),
        isRoot: !isChild,
        kind,
        startMs,
        durationMs,
        failed,
        tenant,
        user,
      })
      const made = span({
        traceId: trace,
        spanId: id,
        ...(isChild ? { parentSpanId: spanId() } : {}),
        kind,
        startTimeUnixNano: BigInt(startMs) * milliseconds,
        durationMs,
        attributes: attributes({
          ...(tenant === '' ? {} : { tenant_id: tenant }),
          ...(user === '' ? {} : { user_id: user }),
        }),
        status: { code: failed ? 2 : 0, message: '' },
      })
      sent.push(resourceSpans('shop', [made]))
    }
  }
  known.push({
    ...known[0]!,
    trace: 'quiet',
    id: 'quiet',
    isRoot: true,
    tenant: 'quiet',
    user: '',
    startMs: start - minute,
    failed: true,
    durationMs: 7,
  })
  const quiet = {
    startTimeUnixNano: BigInt(start - minute) * milliseconds,
    durationMs: 7,
    status: { code: 2, message: '' },
  }
  sent.push(
    resourceSpans('shop', [span({ ...quiet, kind: 2, attributes: attributes({ tenant_id: 'quiet' }) })]),
  )
  await lens.send({ resourceSpans: sent })
  // Sent again: stored once more, counted once.
  await lens.send({ resourceSpans: sent.slice(0, 300) })
})
after(() => lens[Symbol.asyncDispose]())

interface ModelRequest {
  readonly beganMs: number
  readonly durationMs: number
  readonly failed: boolean
  readonly withErrors: boolean
}

function requestsOf(spans: readonly Known[]): ModelRequest[] {
  return [...Map.groupBy(spans, ({ trace }) => trace).values()].map((parts) => {
    const byStart = parts.toSorted((a, b) => a.startMs - b.startMs)
    const entry =
      byStart.find(({ isRoot, kind }) => isRoot && (kind === 2 || kind === 5)) ??
      byStart.find(({ isRoot }) => isRoot) ??
      byStart.find(({ kind }) => kind === 2 || kind === 5) ??
      byStart[0]!
    return {
      beganMs: byStart[0]!.startMs,
      durationMs: entry.durationMs,
      failed: entry.failed,
      withErrors: parts.some(({ failed }) => failed),
    }
  })
}

function periodOf(requests: readonly ModelRequest[]): PeriodStatistics {
  const durations = requests.map(({ durationMs }) => durationMs * 1e6).sort((a, b) => a - b)
  const quantile = (level: number) => durations[Math.floor(level * durations.length)] ?? null
  const failed = requests.filter((request) => request.failed).length
  return {
    requests: requests.length,
    requestsPerMinute: requests.length / 30,
    failed,
    failedShare: requests.length === 0 ? null : failed / requests.length,
    withErrors: requests.filter((request) => request.withErrors).length,
    p50DurationNano: quantile(0.5),
    p95DurationNano: quantile(0.95),
    p99DurationNano: quantile(0.99),
  }
}

function statisticsOf(spans: readonly Known[]): RequestStatisticsView {
  const requests = requestsOf(spans)
  const current = requests.filter(({ beganMs }) => beganMs >= start)
  const now = periodOf(current)
  const previous = periodOf(requests.filter(({ beganMs }) => beganMs < start))
  const inPeriod = spans.filter(({ startMs }) => startMs >= start)
  const begins = current.map(({ beganMs }) => beganMs)
  const change = (a: number | null, b: number | null) =>
    a === null || b === null || b === 0 ? null : a / b - 1
  return {
    ...now,
    spans: inPeriod.length,
    failedSpans: inPeriod.filter(({ failed }) => failed).length,
    firstUnixNano: begins.length === 0 ? null : `${Math.min(...begins)}000000`,
    lastUnixNano: begins.length === 0 ? null : `${Math.max(...begins)}000000`,
    series: Array.from(
      { length: 60 },
      (_, index) => begins.filter((began) => Math.floor((began - start) / bucket) === index).length,
    ),
    previous,
    change: {
      requests: change(now.requests, previous.requests),
      failedShare:
        now.failedShare === null || previous.failedShare === null
          ? null
          : now.failedShare - previous.failedShare,
      p95: change(now.p95DurationNano, previous.p95DurationNano),
    },
  }
}

function expectedTenants(): TenantStatistics[] {
  return [...Map.groupBy(known, ({ tenant }) => tenant)].map(([tenant, spans]) => {
    const inPeriod = spans.filter(({ startMs }) => startMs >= start)
    const users = new Set(inPeriod.map(({ user }) => user).filter((user) => user !== '')).size
    return { tenant, users, ...statisticsOf(spans) }
  })
}

async function tenants(parameters: Readonly<Record<string, string>> = {}): Promise<TenantsResponse> {
  return lens.get('/api/lens/tenants', { ...range, ...parameters })
}

test('says of each tenant what the model does, also of spans without one and of one that fell silent', async () => {
  const answer = await tenants({ sort: 'tenant' })
  const expected = expectedTenants().sort((a, b) => (a.tenant < b.tenant ? -1 : 1))
  assert.deepEqual(answer.tenants, expected)
  assert.deepEqual(
    expected.map(({ tenant }) => tenant),
    ['', 'Initech', 'acme', 'globex', 'quiet'],
  )
  assert.equal(answer.total, 5)
  assert.equal(
    answer.requests,
    expected.reduce((sum, { requests }) => sum + requests, 0),
  )
  assert.equal(
    answer.failed,
    expected.reduce((sum, { failed }) => sum + failed, 0),
  )
  assert.deepEqual([answer.startMs, answer.endMs, answer.bucketMs], [start, end, bucket])
})

test('says of each user of a tenant what the model does', async () => {
  for (const tenant of ['acme', '']) {
    const named: Readonly<Record<string, string>> = tenant === '' ? { noTenant: 'true' } : { tenant }
    const answer = await lens.get<UsersResponse>('/api/lens/users', { ...range, ...named, sort: 'user' })
    const ofTenant = known.filter((span) => span.tenant === tenant)
    const expected = ['', 'ann', 'bob'].map((user) => ({
      tenant,
      user,
      ...statisticsOf(ofTenant.filter((span) => span.user === user)),
    }))
    assert.deepEqual(answer.users, expected)
    assert.equal(answer.total, 3)
  }
})

test('lists the users of all tenants, each in its tenant', async () => {
  const { users, total } = await lens.get<UsersResponse>('/api/lens/users', { ...range, sort: 'tenant' })
  assert.equal(total, new Set(known.map(({ tenant, user }) => `${tenant} ${user}`)).size)
  assert.deepEqual(
    users.slice(0, 4).map(({ tenant, user }) => [tenant, user]),
    [
      ['', ''],
      ['', 'ann'],
      ['', 'bob'],
      ['Initech', ''],
    ],
  )
})

test('sorts by every column, in both orders, and puts last what has no value', async () => {
  const columns: [string, (row: TenantStatistics) => string | number | null][] = [
    ['requests', ({ requests }) => requests],
    ['failed', ({ failed }) => failed],
    ['failedShare', ({ failedShare }) => failedShare],
    ['withErrors', ({ withErrors }) => withErrors],
    ['p50', ({ p50DurationNano }) => p50DurationNano],
    ['p95', ({ p95DurationNano }) => p95DurationNano],
    ['p99', ({ p99DurationNano }) => p99DurationNano],
    ['spans', ({ spans }) => spans],
    ['users', ({ users }) => users],
    ['first', ({ firstUnixNano }) => (firstUnixNano === null ? null : Number(firstUnixNano))],
    ['last', ({ lastUnixNano }) => (lastUnixNano === null ? null : Number(lastUnixNano))],
    ['requestsChange', ({ change }) => change.requests],
    ['failedShareChange', ({ change }) => change.failedShare],
    ['p95Change', ({ change }) => change.p95],
  ]
  for (const [sort, value] of columns) {
    for (const order of ['asc', 'desc'] as const) {
      const values = (await tenants({ sort, order })).tenants.map(value)
      const numbers = values.filter((number) => number !== null).map(Number)
      const sorted = numbers.toSorted((a, b) => (order === 'asc' ? a - b : b - a))
      assert.deepEqual(values, [...sorted, ...values.slice(sorted.length).fill(null)], `${sort} ${order}`)
    }
  }
})

test('gives page by page what it gives at once, with the same totals', async () => {
  const all = await tenants({ sort: 'p95' })
  const pages = await Promise.all(
    [0, 2, 4, 6].map((offset) => tenants({ sort: 'p95', limit: '2', offset: String(offset) })),
  )
  assert.deepEqual(
    pages.flatMap((page) => page.tenants),
    all.tenants,
  )
  for (const { total, requests, failed } of pages) {
    assert.deepEqual([total, requests, failed], [all.total, all.requests, all.failed])
  }
})

test('finds tenants and users by a part of their names, in any case', async () => {
  assert.deepEqual(
    (await tenants({ contains: 'INI' })).tenants.map(({ tenant }) => tenant),
    ['Initech'],
  )
  assert.equal((await tenants({ contains: '%' })).total, 0)
  const { users } = await lens.get<UsersResponse>('/api/lens/users', {
    ...range,
    tenant: 'acme',
    contains: 'AN',
  })
  assert.deepEqual(
    users.map(({ user }) => user),
    ['ann'],
  )
})

test('answers for a time in which there was nothing', async () => {
  const answer = await lens.get<TenantsResponse>('/api/lens/tenants', { start: '0', end: '1000' })
  assert.deepEqual([answer.tenants, answer.total, answer.requests], [[], 0, 0])
})

test('answers for all of time', async () => {
  const answer = await lens.get<TenantsResponse>('/api/lens/tenants', { start: '0', end: '8640000000000000' })
  assert.equal(answer.total, 5)
  assert.ok(answer.tenants.every(({ series }) => series.length <= 61))
})

test('names the parameter that is wrong', async () => {
  const wrong: [string, Record<string, string>, string][] = [
    ['tenants', { sort: 'user' }, 'sort'],
    ['tenants', { sort: 'requests; DROP TABLE spans' }, 'sort'],
    ['tenants', { order: 'up' }, 'order'],
    ['tenants', { service: 'shop' }, 'service'],
    ['tenants', { noTenant: 'true' }, 'noTenant'],
    ['tenants', { offset: '-1' }, 'offset'],
    ['tenants', { limit: '1001' }, 'limit'],
    ['tenants', { contains: 'x'.repeat(1025) }, 'contains'],
    ['users', { sort: 'users' }, 'sort'],
    ['users', { tenant: 'acme', noTenant: 'true' }, 'noTenant'],
    ['users', { noTenant: 'yes' }, 'noTenant'],
    ['users', { offset: '1000001' }, 'offset'],
  ]
  for (const [path, parameters, name] of wrong) {
    const { parameter } = await lens.get<Problem>(`/api/lens/${path}`, parameters, 400)
    assert.equal(parameter, name)
  }
})
