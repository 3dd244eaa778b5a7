/** SIGKILL at any moment: what was on disk arrives, repetitions are few, and nobody reads what somebody else is reading. */
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { atEnd, sleep } from '../support/delivery.ts'
import { until } from '../support/pipeline.ts'
import { badFilesIn, segmentsIn, spoolDirectory } from '../support/spool.ts'
import { Spooler, startSpooler } from '../support/spooler.ts'

/** Requests on the wire at a time: as many may be repeated after a death. */
const maxOnTheWire = 4
const repeated = (names: readonly string[]) => names.length - new Set(names).size

const maxBytes = 64 * 1024 * 1024

/** How much more there may be before the oldest would have to go, which is another test's. */
function roomIn(directory: string): number {
  const taken = segmentsIn(directory).reduce(
    (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
  return maxBytes * 0.9 - taken
}

/** A process with an empty spool of its own that delivers all that the dead have left. */
async function deliverRest(directory: string): Promise<Spooler> {
  const last = await startSpooler(directory, { owner: 'last' })
  last.tell({ kind: 'collector', up: true })
  await last.when(
    ({ recovered }) => recovered.spooled === 0 && segmentsIn(directory).length === 0,
    'all to be delivered',
  )
  return last
}

/** One directory, one process after the other, each killed at a moment of chance, most of them while they deliver what the last one left. */
async function killAgainAndAgain(chain: string, rounds: number): Promise<void> {
  const directory = spoolDirectory()
  const stored: string[] = []
  const received: string[] = []
  for (let round = 0; round < rounds; round++) {
    // Eight segments to the bound: one is complete every few milliseconds.
    const spooler = await startSpooler(directory, { owner: `${chain}${round}`, maxBytes })
    const size = 20_000 + Math.floor(Math.random() * 400_000)
    spooler.tell({
      kind: 'emitOn',
      size,
      everyMs: 2,
      most: Math.max(0, Math.floor(roomIn(directory) / size)),
    })
    await sleep(Math.random() * 120)
    spooler.tell({ kind: 'collector', up: true })
    await sleep(Math.random() * 120)
    await spooler.kill()
    stored.push(...spooler.stored)
    received.push(...spooler.received)
  }
  const last = await deliverRest(directory)
  received.push(...last.received)
  const arrived = new Set(received)
  assert.ok(stored.length > rounds, `${stored.length} were stored`)
  assert.deepEqual(
    stored.filter((name) => !arrived.has(name)),
    [],
    'what was on disk has arrived',
  )
  assert.ok(
    received.every((name) => /^[abc]\d:\d+$/.test(name)),
    'as it was written',
  )
  assert.ok(
    repeated(received) <= rounds * maxOnTheWire,
    `${repeated(received)} of ${received.length} were repeated`,
  )
}

suite('SIGKILL', () => {
  test('during writing, rotation, delivery and removal, again and again', async () => {
    await Promise.all(['a', 'b', 'c'].map((chain) => killAgainAndAgain(chain, 10)))
  })

  test('of a process whose directory another one is taking over: the third one takes the rest', async () => {
    const directory = spoolDirectory()
    const first = await startSpooler(directory, { owner: 'f', maxBytes: 8 * 1024 * 1024 })
    first.tell({ kind: 'emit', count: 60, size: 100_000 })
    await first.when(({ spooled }) => spooled === 60)
    await first.kill()
    for (let round = 0; round < 4; round++) {
      const next = new Spooler(directory, { owner: `n${round}` })
      atEnd(() => next.kill())
      await next.ready()
      await sleep(Math.random() * 20)
      await next.kill()
    }
    const last = await deliverRest(directory)
    assert.deepEqual(new Set(last.received), new Set(first.stored))
    assert.equal(last.received.length, 60, 'each once')
    assert.deepEqual(badFilesIn(directory), [])
  })
})

suite('several processes on one directory', () => {
  test('each has its place; what the dead left is read by one alone', async () => {
    const directory = spoolDirectory()
    const dead: string[] = []
    for (const owner of ['x', 'y']) {
      const spooler = await startSpooler(directory, { owner, maxBytes: 8 * 1024 * 1024 })
      spooler.tell({ kind: 'emit', count: 40, size: 100_000 })
      await spooler.when(({ spooled }) => spooled === 40)
      await spooler.kill()
      dead.push(...spooler.stored)
    }
    const living = ['p', 'q', 'r'].map((owner) => new Spooler(directory, { owner }))
    atEnd(...living.map((spooler) => () => spooler.kill()))
    await Promise.all(living.map((spooler) => spooler.ready()))
    for (const spooler of living) spooler.tell({ kind: 'emit', count: 20, size: 1000 })
    await Promise.all(living.map((spooler) => spooler.when(({ spooled }) => spooled === 20)))
    for (const spooler of living) spooler.tell({ kind: 'collector', up: true })
    await until(() => segmentsIn(directory).length === 0, 'all to be delivered')
    const received = living.flatMap((spooler) => spooler.received)
    assert.equal(received.length, 80 + 60)
    assert.equal(repeated(received), 0)
    assert.ok(dead.every((name) => received.includes(name)))
    for (const [index, { received }] of living.entries()) {
      const others = ['p', 'q', 'r'].filter((_, other) => other !== index)
      assert.ok(!received.some((name) => others.includes(name[0]!)), 'nobody reads from the living')
    }
    const ledgers = await Promise.all(living.map((spooler) => spooler.stop()))
    assert.equal(
      ledgers.reduce((sum, { recovered }) => sum + recovered.exported, 0),
      80,
    )
    assert.deepEqual(readdirSync(directory), [])
  })

  test('one that is stopped (SIGSTOP) still holds its place', async () => {
    const directory = spoolDirectory()
    const stopped = await startSpooler(directory, { owner: 's' })
    stopped.tell({ kind: 'emit', count: 5, size: 1000 })
    await stopped.when(({ spooled }) => spooled === 5)
    stopped.child.kill('SIGSTOP')
    const other = await startSpooler(directory, { owner: 'o' })
    other.tell({ kind: 'collector', up: true })
    other.tell({ kind: 'emit', count: 1, size: 1000 })
    await other.when(({ exported }) => exported === 1)
    const { recovered } = await other.stop()
    assert.equal(recovered.found, 0)
    stopped.child.kill('SIGCONT')
    stopped.tell({ kind: 'collector', up: true })
    await stopped.when(({ exported }) => exported === 5)
    assert.equal(repeated(stopped.received), 0)
  })
})
