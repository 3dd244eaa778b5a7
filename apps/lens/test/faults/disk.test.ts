/** A data directory on a file system that fills up, that cannot be written to, or whose files are torn. */

import assert from 'node:assert/strict'
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { status } from '@grpc/grpc-js'
import { pino } from 'pino'
import { StartupError } from '../../src/startup-error.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { spanBlock } from '../support/blocks.ts'
import { LensProcess } from '../support/lens-process.ts'
import { until } from '../support/processes.ts'
import { RecordingSender, spansOfTrace } from '../support/recording-sender.ts'
import { hex, request, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

function open(dataDirectory: string): Promise<Store> {
  return openStore({ dataDirectory, clickhouseUrl: undefined }, pino({ level: 'silent' }))
}

const tmpfs = 'mount -t tmpfs -o size=320m tmpfs "$RUSTOK_DATA_DIR"'

test('pushes back when the disk is full, says so, and goes on by itself when there is room', async () => {
  await using directory = await TemporaryDirectory.create()
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path }, [], tmpfs)
  const urls = await lens.ready
  await using sender = new RecordingSender()
  sender.start(urls)
  await until(() => sender.acknowledged.size > 20)
  assert.deepEqual(sender.refused, new Map())

  const inside = `/proc/${lens.child.pid}/root${directory.path}`
  const ballast = join(inside, 'ballast')
  await assert.rejects(writeFile(ballast, Buffer.alloc(320 * 1024 * 1024)), { code: 'ENOSPC' })
  await until(() => sender.refused.has(status.RESOURCE_EXHAUSTED))
  assert.match(sender.refused.get(status.RESOURCE_EXHAUSTED) ?? '', /disk of the store is full/)
  // What is there can be read meanwhile.
  const [known] = sender.acknowledged
  const response = await fetch(`${urls.ui}/api/lens/traces/${known}`)
  assert.equal(response.status, 200, await response.text())

  const atFull = sender.acknowledged.size
  await rm(ballast)
  await until(() => sender.acknowledged.size > atFull + 40)
  await sender.stop()
  for (const code of sender.refused.keys()) {
    assert.ok(code === status.RESOURCE_EXHAUSTED || code === status.UNAVAILABLE, `${code}`)
  }
  const wrong: string[] = []
  // Those around the moment at which the disk was full, and around the one at which there was room again.
  for (const id of [...sender.acknowledged].slice(Math.max(0, atFull - 60), atFull + 60)) {
    const response = await fetch(`${urls.ui}/api/lens/traces/${id}`)
    const { spans = [] } = (await response.json()) as { spans?: { spanId: string }[] }
    if (new Set(spans.map(({ spanId }) => spanId)).size !== spansOfTrace || spans.length !== spansOfTrace)
      wrong.push(id)
  }
  assert.deepEqual(wrong, [])
  assert.equal((await lens.stop()).code, 0)
})

test('names a data directory on a read-only file system', async () => {
  await using directory = await TemporaryDirectory.create()
  const readOnly = 'mount -t tmpfs -o ro tmpfs "$RUSTOK_DATA_DIR"'
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path }, [], readOnly)
  const { code, stderr } = await lens.exited
  assert.equal(
    stderr,
    `rustok-lens: data directory ${directory.path}/lens cannot be written to (EROFS): set RUSTOK_DATA_DIR\n`,
  )
  assert.equal(code, 1)
})

test('refuses a data directory of a newer schema, and leaves it as it is', async () => {
  await using directory = await TemporaryDirectory.create()
  const store = await open(directory.path)
  await store.engine.command("INSERT INTO schema_versions VALUES (4000000000, 'of the future', now())")
  await store.close()
  for (let attempt = 0; attempt < 2; attempt++) {
    await assert.rejects(open(directory.path), (error) => {
      assert.ok(error instanceof StartupError)
      assert.match(
        error.message,
        /was written by a newer rustok-lens \(schema 4000000000, this one knows \d+\)/,
      )
      return true
    })
  }
})

test('opens a store with torn files, sets them aside, and has every other span', async () => {
  await using directory = await TemporaryDirectory.create()
  const store = await open(directory.path)
  const kept = span()
  const torn = span()
  await store.engine.command('SYSTEM STOP MERGES')
  for (const sent of [kept, torn]) {
    const block = spanBlock([request('shop', [sent])])
    await store.engine.insert('spans', block.columnNames, block.encode())
  }
  const { rows } = await store.engine.query<{ path: string }>(
    "SELECT path FROM system.parts WHERE active AND table = 'spans' ORDER BY modification_time, name",
  )
  assert.equal(rows.length, 2)
  await store.close()

  const part = join(directory.path, 'lens', relative(join(directory.path, 'lens'), rows[1]!.path))
  for (const name of await readdir(part))
    if (/\.bin$|^checksums/.test(name)) await truncate(join(part, name), 1)
  // What an insert and an engine leave behind when they are killed.
  await mkdir(join(directory.path, 'lens', 'inbox'), { recursive: true })
  await writeFile(join(directory.path, 'lens', 'inbox', '17'), 'half a block')
  await writeFile(join(directory.path, 'lens', 'engine-0011aabb.sock'), '')

  const again = await open(directory.path)
  const found = await again.engine.query<{ id: string }>('SELECT lower(hex(span_id)) AS id FROM spans')
  assert.deepEqual(found.rows, [{ id: hex(kept.spanId) }])
  const block = spanBlock([request('shop', [torn])])
  await again.engine.insert('spans', block.columnNames, block.encode())
  await again.close()
  assert.deepEqual(await readdir(join(directory.path, 'lens', 'inbox')), [])
})
