/** The examples of docs/QUERY_LANGUAGE.md find what the page says. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { ResourceSpans } from '@rustok/otlp'
import type { SearchResponse } from '../../../src/api/contract.ts'
import { RunningLens } from '../../support/running-lens.ts'
import { ago, attributes, event, hex, resourceSpans, span, spanId, traceId } from '../../support/spans.ts'

const page = readFileSync(new URL('../../../../../docs/QUERY_LANGUAGE.md', import.meta.url), 'utf8')
const examples = page
  .slice(page.indexOf('## Examples'))
  .matchAll(/^\| `(.+)` \| (.*)\|$/gm)
  .map(([, query = '', names = '']) => ({
    query,
    names: names
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
  }))
  .toArray()

const ids = { slow: traceId(), failed: traceId(), quick: traceId() }

function traces(): ResourceSpans[] {
  const root = spanId()
  return [
    resourceSpans('checkout', [
      span({
        traceId: ids.slow,
        spanId: root,
        name: 'POST /orders',
        startTimeUnixNano: ago(9000),
        durationMs: 2500,
        attributes: attributes({
          tenant_id: 'globex',
          'http.route': '/orders/:id',
          'http.response.status_code': 200n,
        }),
      }),
    ]),
    resourceSpans('database', [
      span({
        traceId: ids.slow,
        parentSpanId: root,
        name: 'SELECT orders',
        startTimeUnixNano: ago(8000),
        attributes: attributes({ tenant_id: 'globex', 'db.system.name': 'postgresql' }),
      }),
    ]),
    resourceSpans('checkout', [
      span({
        traceId: ids.failed,
        name: 'POST /orders',
        startTimeUnixNano: ago(7000),
        status: { code: 2, message: 'it took too long' },
        attributes: attributes({
          tenant_id: 'globex',
          'http.route': '/orders/:id',
          'http.response.status_code': 503n,
        }),
        events: [event({ name: 'exception', attributes: attributes({ 'exception.type': 'Timeout' }) })],
      }),
    ]),
    resourceSpans(
      'health',
      [
        span({
          traceId: ids.quick,
          name: 'GET /health',
          startTimeUnixNano: ago(6000),
          attributes: attributes({ tenant_id: 'acme' }),
        }),
      ],
      { resource: { 'host.name': 'node-2' } },
    ),
  ]
}

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
  await lens.send({ resourceSpans: traces() })
})
after(() => lens[Symbol.asyncDispose]())

test('the page has examples', () => assert.ok(examples.length >= 15))

for (const { query, names } of examples) {
  test(`finds ${names.join(' and ') || 'nothing'} by ${query}`, async () => {
    const { traces } = await lens.get<SearchResponse>('/api/lens/search', { query })
    const found = Object.entries(ids).filter(([, id]) => traces.some((trace) => trace.traceId === hex(id)))
    assert.deepEqual(
      found.map(([name]) => name),
      names,
    )
    assert.equal(traces.length, names.length)
  })
}
