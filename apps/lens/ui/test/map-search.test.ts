/** The searches behind the map's numbers. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { MapNode } from 'rustok-lens/contract'
import { edgeSearch, nodeSearch } from '../src/model/map-search.ts'

const node = (kind: MapNode['kind'], name: string, attribute: MapNode['attribute'] = null): MapNode => ({
  id: name,
  kind,
  name,
  attribute,
  calls: 1,
  failed: 0,
  p95DurationNano: null,
})
const shop = node('service', 'shop')
const pay = node('service', 'pay')
const orders = node('queue', 'orders', { key: 'messaging.destination.name', value: 'orders' })

suite('of an edge', () => {
  for (const [what, from, to, query] of [
    [
      'between services, spans of both',
      shop,
      pay,
      '{ service = shop } and { service = pay and status = error }',
    ],
    [
      'to a queue, one span',
      shop,
      orders,
      '{ service = shop and messaging.destination.name = orders and status = error }',
    ],
    [
      'from a queue, one span',
      orders,
      shop,
      '{ service = shop and messaging.destination.name = orders and status = error }',
    ],
  ] as const) {
    test(what, () => assert.equal(edgeSearch({}, from, to, 'failed').query, query))
  }
})

test('the slow ones come the longest first, whatever the map was asked with', () => {
  assert.deepEqual(nodeSearch({ order: 'errors', tenant: 'acme', query: 'cart' }, shop, 1_500_000), {
    tenant: 'acme',
    order: 'longest',
    query: 'cart and { service = shop and duration >= 1.5ms }',
  })
  assert.deepEqual(nodeSearch({ order: 'longest' }, shop), { query: '{ service = shop }' })
})
