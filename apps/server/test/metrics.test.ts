/** What a scraper gets, as the format's reference parser reads it: families, exemplars that lead to a trace, and only what the code defines. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { initTracing, OtelConfig, type Tracing } from '@rustok/telemetry'
import { readTotals } from '../src/db/totals.ts'
import { commerceOf } from './support/commerce-client.ts'
import { sendGraphQL } from './support/graphql-client.ts'
import { type SpanReceiver, startSpanReceiver } from './support/span-receiver.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const OPEN_METRICS =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5'

let receiver: SpanReceiver
let tracing: Tracing
let server: TestServer

before(async () => {
  receiver = await startSpanReceiver()
  tracing = await initTracing(new OtelConfig({ endpoint: receiver.endpoint }), {
    handleSignals: false,
    without: ['undici', 'http-client'],
  })
  server = await startTestServer({}, undefined, tracing)
  const { token } = server.user('ada')
  await sendGraphQL(server.url, '{ nodes(first: 5) { totalCount } }', { token })
  const shop = commerceOf(server)
  const [variant] = (await shop.stocked('ada', 3)) as [string]
  await shop.placeOrder('ada', await shop.cartWith('ada', [variant, 1]))
  await server.events.settled()
})
after(async () => {
  await server.stop(() => tracing.shutdown())
  receiver.close()
})

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly exemplar?: Readonly<Record<string, string>>
}
interface Family {
  readonly name: string
  readonly type: string
  readonly samples: readonly Sample[]
}

/** Debian's python3-prometheus-client: it refuses what is not to the letter. */
async function parse(text: string, module: 'openmetrics.parser' | 'parser'): Promise<readonly Family[]> {
  const program = `
import json, sys
from prometheus_client.${module} import text_string_to_metric_families as parse
def sample(s): return {'name': s.name, 'labels': s.labels, 'value': s.value if abs(s.value) < 1e300 else 0, **({'exemplar': s.exemplar.labels} if s.exemplar else {})}
json.dump([{'name': f.name, 'type': f.type, 'samples': [sample(s) for s in f.samples]} for f in parse(sys.stdin.read())], sys.stdout)
`
  const python = spawn('/usr/bin/python3', ['-c', program], { stdio: 'pipe', timeout: 60_000 })
  const closed = once(python, 'close')
  python.stdin.end(text)
  const [out, errors] = await Promise.all([python.stdout.toArray(), python.stderr.toArray()])
  const [code] = await closed
  assert.equal(code, 0, Buffer.concat(errors).toString())
  return JSON.parse(Buffer.concat(out).toString())
}

async function scrape(accept?: string) {
  const response = await fetch(`${server.url}/metrics`, accept === undefined ? {} : { headers: { accept } })
  return { type: response.headers.get('content-type') ?? '', text: await response.text() }
}

/** Family by family, all that the issue of a dashboard asks for. */
const FAMILIES: Readonly<Record<string, string>> = {
  rustok_http_requests: 'counter',
  rustok_http_request_duration_seconds: 'histogram',
  rustok_content_operations: 'counter',
  rustok_content_operation_duration_seconds: 'histogram',
  rustok_content_nodes_total: 'gauge',
  rustok_commerce_operations: 'counter',
  rustok_commerce_operation_duration_seconds: 'histogram',
  rustok_commerce_products_total: 'gauge',
  rustok_commerce_orders_total: 'gauge',
  rustok_outbox_depth: 'gauge',
  rustok_outbox_lag_seconds: 'gauge',
  rustok_event_deliveries: 'counter',
  rustok_event_deliveries_pending: 'gauge',
  rustok_db_pool_connections_open: 'gauge',
  rustok_db_pool_waiting: 'gauge',
  nodejs_eventloop_lag_p99_seconds: 'gauge',
  process_resident_memory_bytes: 'gauge',
  otel_sdk_exporter_span_exported: 'counter',
}

test('writes OpenMetrics for whom asks for it, as the reference parser reads it', async () => {
  const { type, text } = await scrape(OPEN_METRICS)
  assert.match(type, /^application\/openmetrics-text; version=1\.0\.0/)
  const families = new Map((await parse(text, 'openmetrics.parser')).map((family) => [family.name, family]))
  for (const [name, kind] of Object.entries(FAMILIES)) assert.equal(families.get(name)?.type, kind, name)
  const value = (name: string) => families.get(name)?.samples[0]?.value ?? 0
  assert.ok(value('rustok_content_nodes_total') >= 12)
  assert.ok(value('rustok_commerce_products_total') >= 1)
  assert.equal(value('rustok_commerce_orders_total'), 1)
})

test('writes the older format for all others, with the same samples and no exemplars', async () => {
  const { type, text } = await scrape()
  assert.match(type, /^text\/plain; version=0\.0\.4/)
  assert.doesNotMatch(text, /# \{|# UNIT|# EOF/)
  const named = (families: readonly Family[]) =>
    new Set(families.flatMap(({ samples }) => samples.map(({ name }) => name)))
  const old = named(await parse(text, 'parser'))
  const open = named(await parse((await scrape(OPEN_METRICS)).text, 'openmetrics.parser'))
  assert.deepEqual(
    [...open].filter((name) => !old.has(name)),
    [],
  )
  const types = new Map((await parse(text, 'parser')).map(({ name, type: kind }) => [name, kind]))
  assert.equal(types.get('otel_sdk_exporter_span_exported'), 'counter')
})

test('tells what waits for every handler, also for those that nothing waits for', async () => {
  const { text } = await scrape()
  const of = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{handler="([^"]+)"\\} `, 'gm'))].map(([, handler]) => handler)
  for (const name of ['rustok_event_deliveries_pending', 'rustok_event_dead_letters']) {
    const handlers = of(name)
    assert.equal(new Set(handlers).size, handlers.length, name)
    for (const handler of ['content-stats', 'content-search', 'fraud-check'])
      assert.ok(handlers.includes(handler), `${name}: ${handler}`)
  }
})

test('gives two scrapers at once each their own format', async () => {
  const answers = await Promise.all([scrape(), scrape(OPEN_METRICS), scrape(), scrape(OPEN_METRICS)])
  assert.deepEqual(
    answers.map(({ text }) => text.endsWith('# EOF\n')),
    [false, true, false, true],
  )
})

test('leads from the duration of a request or an operation to its trace', async () => {
  const families = await parse((await scrape(OPEN_METRICS)).text, 'openmetrics.parser')
  await tracing.forceFlush()
  const of = (family: string, labels: Record<string, string>): Readonly<Record<string, string>> => {
    const found = families
      .find(({ name }) => name === family)
      ?.samples.filter((sample) =>
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
      )
      .map(({ exemplar }) => exemplar)
      .filter((exemplar) => exemplar !== undefined)
    assert.ok(found?.length, `${family} has no exemplar`)
    return found[0]!
  }
  const cases = [
    ['rustok_http_request_duration_seconds', { route: '/graphql', status: '200' }, 'POST /graphql'],
    ['rustok_content_operation_duration_seconds', { operation: 'count' }, 'content.countNodes'],
    ['rustok_commerce_operation_duration_seconds', { operation: 'placeOrder' }, 'commerce.placeOrder'],
  ] as const
  for (const [family, labels, span] of cases) {
    const { trace_id, span_id } = of(family, labels)
    const spans = receiver.ofTrace(trace_id ?? '')
    assert.equal(spans.find(({ spanId }) => spanId === span_id)?.name, span)
  }
})

test('has no exemplars of traces that are not kept', async () => {
  const route = { method: 'GET', route: '/health/live', status: '200' }
  const traceparent = `00-${'ab'.repeat(16)}-00f067aa0ba902b7-00`
  await fetch(`${server.url}/health/live`, { headers: { traceparent } })
  const { text } = await scrape(OPEN_METRICS)
  assert.ok(
    text.includes(`rustok_http_requests_total{method="${route.method}",route="/health/live",status="200"} 1`),
  )
  assert.doesNotMatch(text, /abababab/)
})

test('names no path, tenant, user or id of a request in a label', async () => {
  await fetch(`${server.url}/somewhere/hostile"}%0A1`, { headers: { 'x-tenant-id': 'acme' } })
  await sendGraphQL(server.url, 'query Hostile { me { id } }', { token: server.user('ben').token })
  const families = await parse((await scrape(OPEN_METRICS)).text, 'openmetrics.parser')
  const own = families.filter(({ name }) => name.startsWith('rustok_'))
  const labels = own.flatMap(({ samples }) => samples.flatMap((sample) => Object.values(sample.labels)))
  assert.doesNotMatch(labels.join('\n'), /hostile|acme|ben|[0-9a-f]{8}-/i)
})

test('counts what all tenants have, once for several scrapes', async () => {
  const rows = async (table: 'nodes' | 'products' | 'orders') =>
    (await server.owner.selectFrom(table).select('tenant_id').execute()).length
  const expected = {
    nodes: await rows('nodes'),
    products: await rows('products'),
    orders: await rows('orders'),
  }
  const read = readTotals(server.tenants)
  const [first, second] = [read(), read()]
  assert.equal(first, second)
  assert.deepEqual(await first, expected)
  assert.equal(read(), first)
})
