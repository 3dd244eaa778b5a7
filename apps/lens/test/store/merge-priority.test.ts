import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { configFromEnvironment } from '../../src/config.ts'
import { openStore } from '../../src/store/open-store.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

test('runs merges, and nothing else of the engine, at a lower priority', {
  skip: process.platform === 'linux' ? false : 'threads have priorities of their own on Linux alone',
}, async () => {
  await using directory = await TemporaryDirectory.create()
  const config = configFromEnvironment({ RUSTOK_DATA_DIR: directory.path })
  const store = await openStore(config, pino({ level: 'silent' }))
  try {
    const tasks = `/proc/${store.pid()}/task`
    const threads = () =>
      readdirSync(tasks).map((id) => ({
        isMerge: readFileSync(`${tasks}/${id}/comm`, 'utf8').trim() === 'MergeMutate',
        isLower: getPriority(Number(id)) > getPriority(),
      }))
    const merging = () => threads().filter(({ isMerge }) => isMerge)
    assert.ok(merging().length > 0, 'the engine has threads for merges')
    // Soon; the test's time-out ends it.
    while (!merging().every(({ isLower }) => isLower)) await sleep(50)
    assert.ok(threads().every(({ isMerge, isLower }) => isMerge || !isLower))
  } finally {
    await store.close()
  }
})
