import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { spanHint } from '../src/model/span-hint.ts'
import { parseTraceState } from '../src/model/trace-state.ts'
import { arbitraryTrace, spanView } from './arbitrary-spans.ts'
import { toAttributes } from './trace-builder.ts'
import { calleeOf, modelOf } from './waterfall-of.ts'

describe('the hint beside a name', () => {
  const hint = (name: string, attributes: Record<string, string>) =>
    spanHint({ callee: calleeOf({ name, attributes: toAttributes(attributes) }) })

  it('says whom a call named by its method went to', () => {
    assert.equal(
      hint('POST', { 'url.full': 'https://api.example.com/v3/captures?key=1' }),
      'api.example.com/v3/captures',
    )
    assert.equal(hint('GET', { 'server.address': 'cache-1' }), 'cache-1')
    assert.equal(hint('SELECT', { 'db.collection.name': 'orders' }), 'orders')
  })

  it('is empty when the name says it all, or nothing is known', () => {
    assert.equal(hint('SELECT orders', { 'db.collection.name': 'orders' }), '')
    assert.equal(hint('POST', {}), '')
    assert.equal(hint('BEGIN', { 'db.system.name': 'postgresql', 'server.address': 'pg-1' }), '')
    assert.equal(hint('POST', { 'url.full': 'javascript:alert(1)' }), '')
  })
})

describe('the ids of spans', () => {
  it('are those that came, of parents too, and lead back to their spans', () => {
    fc.assert(
      fc.property(arbitraryTrace, (response) => {
        const { ids } = modelOf(response)
        response.spans.forEach(({ spanId, parentSpanId }, span) => {
          assert.deepEqual([ids.of(span), ids.parentOf(span), ids.find(spanId)], [spanId, parentSpanId, span])
        })
      }),
    )
  })

  it('lead nowhere where no span has them', () => {
    const { ids } = modelOf({ traceId: 'a', spans: [spanView({})], resources: [], scopes: [] })
    for (const id of ['', 'x', '00000000000000ab', '0000000000000', '.']) {
      assert.equal(ids.find(id), undefined)
    }
  })
})

describe('the state of the trace page', () => {
  it('takes a span and a zoom that ends after it starts', () => {
    assert.deepEqual(parseTraceState({ span: 'ab', from: '5', to: '9' }), { span: 'ab', from: 5, to: 9 })
    assert.deepEqual(parseTraceState({ from: '9', to: '5' }), {})
    assert.deepEqual(parseTraceState({ from: '', to: 'x', span: 'y'.repeat(81) }), {})
  })

  it('reads anything at all and comes back from the address as it went in', () => {
    fc.assert(
      fc.property(fc.record({ span: fc.anything(), from: fc.anything(), to: fc.anything() }), (parts) => {
        const state = parseTraceState(parts)
        const address = new URLSearchParams(Object.entries(state).map(([key, value]) => [key, String(value)]))
        assert.deepEqual(parseTraceState(Object.fromEntries(address)), state)
      }),
    )
  })
})
