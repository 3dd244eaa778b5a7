/** Instrumentation scopes with attributes, which the specification has and the API's types do not have yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExportOutcome } from '../src/export/exporter.ts'
import type { ReceivedAttributes } from './support/decode.ts'
import { decodeScopeAttributes } from './support/decode.ts'
import { pipelineTo } from './support/pipeline.ts'

test('a scope carries its attributes, and tracers of other attributes are others', async () => {
  let scopes: readonly ReceivedAttributes[] = []
  const accepted: ExportOutcome = { kind: 'accepted', rejected: 0, message: '' }
  const { pipeline, provider } = pipelineTo(
    'http://127.0.0.1:1',
    {},
    {
      async export(request) {
        scopes = decodeScopeAttributes(request)
        return accepted
      },
      close() {},
    },
  )
  const one = provider.getTracer('lib', '1', { attributes: { team: 'shop', level: 3 } })
  const two = provider.getTracer('lib', '1', { attributes: { team: 'search' } })
  const none = provider.getTracer('lib', '1')
  for (const tracer of [one, two, none]) tracer.startSpan('s').end()
  await pipeline.shutdown()
  assert.deepEqual(
    [...scopes].sort((a, b) => String(a.team).localeCompare(String(b.team))),
    [{ team: 'search' }, { team: 'shop', level: 3n }, {}],
  )
  assert.equal(provider.getTracer('lib', '1', { attributes: { level: 3, team: 'shop' } }), one)
  assert.equal(provider.getTracer('lib', '1', { attributes: {} }), none)
  assert.notEqual(one, two)
  // Whatever is passed, the tracer works.
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  for (const attributes of [revoked.proxy, 7, null]) {
    assert.equal(provider.getTracer('lib', '1', { attributes } as never), none)
  }
})
