/** How a store is backed up, as docs/PRODUCTION.md says: stopped, copied, and started where it was copied to. */

import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { test } from 'node:test'
import { pino } from 'pino'
import { readSpans } from '../../src/query/read-spans.ts'
import { openStore } from '../../src/store/open-store.ts'
import { spanBlock } from '../support/blocks.ts'
import { hex, request, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const log = pino({ level: 'silent' })
const open = (dataDirectory: string) => openStore({ dataDirectory, clickhouseUrl: undefined }, log)

test('a copy of a stopped store answers as the store did, without what came later, and takes spans', async () => {
  await using original = await TemporaryDirectory.create()
  await using copy = await TemporaryDirectory.create()
  const [before, later, afterwards] = [span({ name: 'before' }), span(), span()]
  const insert = async (store: Awaited<ReturnType<typeof open>>, one: typeof before) => {
    const block = spanBlock([request('shop', [one])], Math.floor(Date.now() / 1000))
    await store.engine.insert('spans', block.columnNames, block.encode())
  }
  const store = await open(original.path)
  await insert(store, before)
  const answer = await readSpans(store.engine, [hex(before.traceId)])
  assert.equal(answer.length, 1)
  await store.close()
  await cp(original.path, copy.path, { recursive: true, verbatimSymlinks: true })
  const again = await open(original.path)
  await insert(again, later)
  await again.close()

  const restored = await open(copy.path)
  try {
    assert.deepEqual(await readSpans(restored.engine, [hex(before.traceId)]), answer)
    assert.deepEqual(await readSpans(restored.engine, [hex(later.traceId)]), [])
    await insert(restored, afterwards)
    assert.equal((await readSpans(restored.engine, [hex(afterwards.traceId)])).length, 1)
  } finally {
    await restored.close()
  }
})
