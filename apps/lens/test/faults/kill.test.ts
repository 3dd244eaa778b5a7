/** Lens and its engine killed at random moments while spans come in as fast as they can: what was acknowledged is there, once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { openStore } from '../../src/store/open-store.ts'
import { LensProcess } from '../support/lens-process.ts'
import { enginePid, isAlive, until } from '../support/processes.ts'
import { SeededRandom } from '../support/random.ts'
import { RecordingSender, spansOfTrace, streams, wrongTraces } from '../support/recording-sender.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const rounds = 2

test('nothing acknowledged is lost when Lens and its engine are killed at random under full load', async (t) => {
  const random = new SeededRandom()
  t.diagnostic(`seed ${random.seed}`)
  await using directory = await TemporaryDirectory.create()
  await using sender = new RecordingSender()
  const acknowledgedBeyond = (count: number) => until(() => sender.acknowledged.size > count)
  for (let round = 0; round < rounds; round++) {
    await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
    const urls = await lens.ready
    const engine = await enginePid(lens.child.pid)
    sender.start(urls)
    await acknowledgedBeyond(sender.acknowledged.size)
    await sleep(random.between(0, 1_000))
    process.kill(engine, 'SIGKILL')
    // It is started again, and senders are acknowledged without anybody doing anything.
    await acknowledgedBeyond(sender.acknowledged.size + 2 * streams)
    const successor = await enginePid(lens.child.pid)
    assert.notEqual(successor, engine)
    await sleep(random.between(0, 1_000))
    lens.child.kill('SIGKILL')
    await lens.exited
    await until(() => !isAlive(successor))
    await sender.stop()
  }
  const store = await openStore(
    { dataDirectory: directory.path, clickhouseUrl: undefined },
    pino({ level: 'silent' }),
  )
  const wrong = await wrongTraces(store.engine, sender.acknowledged)
  await store.close()
  t.diagnostic(`${sender.acknowledged.size * spansOfTrace} spans acknowledged`)
  assert.deepEqual(wrong, [])
})
