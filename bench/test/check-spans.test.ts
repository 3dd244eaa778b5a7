import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Child } from '../child/child.ts'
import { checkSpans } from '../span-cpu/check-spans.ts'
import type { RunnerCalls } from '../span-cpu/runner.ts'
import { ProofError } from '../suite.ts'

const count = 512
let request: Uint8Array

before(async () => {
  const runner = await Child.start<RunnerCalls>(new URL('../span-cpu/runner.ts', import.meta.url), {
    args: ['sdk', 'encode', ''],
  })
  const { sample } = await runner.call('run', { warmUp: 0, spans: count })
  await runner.terminate()
  assert.ok(sample)
  request = sample
})

test("accepts the workload's spans as the official serializer wrote them", () => {
  checkSpans('sdk', [request], count)
})

test('refuses too few, a span that was sent twice, and a changed name, key or value', () => {
  assert.throws(() => checkSpans('sdk', [request], count + 1), ProofError)
  assert.throws(() => checkSpans('sdk', [request, request], 2 * count), ProofError)
  const changes = [
    ['GET /api/orders/:id', 'GET /api/0rders/:id'],
    ['tenant_id', 'tenant_1d'],
    ['tenant-017', 'tenant-018'],
    ['curl/8.14.1', 'curl/8.14.2'],
  ] as const
  for (const [from, to] of changes) {
    const changed = Buffer.from(request)
    changed.write(to, changed.indexOf(from), 'latin1')
    assert.throws(() => checkSpans('sdk', [changed], count), ProofError, `${from} became ${to}`)
  }
})
