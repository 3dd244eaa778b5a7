import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Child } from '../child/child.ts'
import type { CalleeCalls } from './fixtures/callee.ts'

const callee = new URL('./fixtures/callee.ts', import.meta.url)

test('a child answers calls, bytes included, and passes errors on', async () => {
  const child = await Child.start<CalleeCalls>(callee)
  try {
    assert.deepEqual(await Promise.all([child.call('double', 4), child.call('double', 5)]), [8, 10])
    assert.deepEqual([...(await child.call('reverse', Uint8Array.of(1, 2, 3)))], [3, 2, 1])
    await assert.rejects(child.call('fail'), /callee\.ts: Error: as it was told to/)
  } finally {
    await child.terminate()
  }
})

test('a child that dies fails the calls that wait for it, with what it wrote', async () => {
  const child = await Child.start<CalleeCalls>(callee)
  await assert.rejects(child.call('die'), /ended with exit code 3; it wrote:\nits last words/)
  await child.terminate()
})

test("a child that cannot start says why, and gets none of the bench's own tracing variables", async () => {
  const missing = new URL('./fixtures/missing.ts', import.meta.url)
  await assert.rejects(Child.start(missing), /exit code 1; it wrote:[\s\S]*Cannot find module/)
  process.env.OTEL_SERVICE_NAME = 'the bench'
  const child = await Child.start<CalleeCalls>(callee, { env: { OTEL_SAMPLING_RATE: '0.5' } })
  try {
    assert.equal(await child.call('environment', 'OTEL_SERVICE_NAME'), undefined)
    assert.equal(await child.call('environment', 'OTEL_SAMPLING_RATE'), '0.5')
  } finally {
    delete process.env.OTEL_SERVICE_NAME
    await child.terminate()
  }
})
