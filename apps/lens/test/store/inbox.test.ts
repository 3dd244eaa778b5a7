/** Rows that are left for the engine as files. */

import assert from 'node:assert/strict'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { ClickHouseEngine } from '../../src/store/clickhouse-engine.ts'
import { EngineProcess } from '../../src/store/embedded/engine-process.ts'
import { Inbox } from '../../src/store/embedded/inbox.ts'
import { StoreUnavailableError } from '../../src/store/engine.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

async function directoryWithInbox(): Promise<TemporaryDirectory> {
  const directory = await TemporaryDirectory.create()
  await mkdir(join(directory.path, 'inbox'))
  return directory
}

test('a file holds all pieces in order, more of them than one call of the system takes, while the work is done', async () => {
  await using directory = await directoryWithInbox()
  const pieces = Array.from({ length: 3_000 }, (_, index) => new Uint8Array(index % 7).fill(index))
  const read = await new Inbox(directory.path).with(pieces, (file) => readFile(join(directory.path, file)))
  assert.deepEqual(read, Buffer.concat(pieces))
  assert.deepEqual(await readdir(join(directory.path, 'inbox')), [])
})

test('work that fails leaves no file behind', async () => {
  await using directory = await directoryWithInbox()
  const failure = new Error('no')
  const work = () => Promise.reject(failure)
  await assert.rejects(new Inbox(directory.path).with([new Uint8Array(9)], work), failure)
  assert.deepEqual(await readdir(join(directory.path, 'inbox')), [])
})

test('a file that an engine removed when it began, and an inbox that is not there yet, are worth another try', async () => {
  await using directory = await TemporaryDirectory.create()
  await using elsewhere = await directoryWithInbox()
  const process = await EngineProcess.start(directory.path, pino({ level: 'silent' }))
  try {
    for (const path of [elsewhere.path, join(elsewhere.path, 'nothing')]) {
      const engine = new ClickHouseEngine({ ...process.address, directory: path }, 'default')
      await assert.rejects(engine.insert('t', ['a'], [new Uint8Array(9)]), StoreUnavailableError)
      await engine.close()
    }
  } finally {
    await process.close()
  }
})
