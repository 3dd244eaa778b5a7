/** Readiness without a server: what is made of what checks find, and how long and how often they are asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '../src/log.ts'
import type { Finding } from '../src/readiness/check.ts'
import { migrationsFinding, outboxFinding } from '../src/readiness/checks.ts'
import { Readiness } from '../src/readiness/readiness.ts'

const BLIND: Finding = { status: 'failed', detail: 'It does not answer' }

function readinessOf(look: () => Promise<Finding>) {
  const lines: { msg: string; level: string }[] = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const log = createLogger({ level: 'info', format: 'json', destination })
  return { readiness: new Readiness({ thing: { look, blind: BLIND } }, log), lines }
}

test('asks once for all who ask at the same time, and anew for the next', async () => {
  let looks = 0
  const gate = Promise.withResolvers<void>()
  const { readiness } = readinessOf(async () => {
    looks += 1
    await gate.promise
    return { status: 'ok' }
  })
  const asked = Array.from({ length: 20 }, () => readiness.report())
  gate.resolve()
  for (const { ready } of await Promise.all(asked)) assert.equal(ready, true)
  assert.equal(looks, 1)
  await readiness.report()
  assert.equal(looks, 2)
})

test('waits a bounded time for one that hangs, begins no second, and believes it when it comes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let looks = 0
  const hanging = Promise.withResolvers<Finding>()
  const { readiness } = readinessOf(() => {
    looks += 1
    return hanging.promise
  })
  for (let round = 0; round < 3; round += 1) {
    const asked = readiness.report()
    t.mock.timers.tick(1_000)
    const { ready, checks } = await asked
    assert.deepEqual({ ready, checks }, { ready: false, checks: { thing: BLIND } })
  }
  assert.equal(looks, 1)
  hanging.resolve({ status: 'ok' })
  assert.equal((await readiness.report()).ready, true)
})

test('tells the log of each change once, and nobody else why', async () => {
  let broken = true
  const { readiness, lines } = readinessOf(async () => {
    if (broken) throw Object.assign(new Error('at 10.0.0.7'), { code: 'ECONNREFUSED' })
    return { status: 'ok' }
  })
  for (let round = 0; round < 3; round += 1) {
    assert.doesNotMatch(JSON.stringify(await readiness.report()), /10\.0\.0\.7|ECONNREFUSED/)
  }
  broken = false
  for (let round = 0; round < 3; round += 1) await readiness.report()
  assert.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ['warn', 'readiness: It does not answer'],
      ['info', 'readiness: as it should be again'],
    ],
  )
  assert.match(JSON.stringify(lines[0]), /ECONNREFUSED/)
})

test('is ready while it is degraded or cannot see, and not once something has failed', async () => {
  for (const [status, ready, degraded] of [
    ['ok', true, false],
    ['degraded', true, true],
    ['unknown', true, true],
    ['failed', false, true],
  ] as const) {
    const report = await readinessOf(async () => ({ status })).readiness.report()
    assert.deepEqual({ ready: report.ready, degraded: report.degraded }, { ready, degraded }, status)
  }
})

test('compares the migrations of the database with those of the code', () => {
  const known = ['1', '2', '3']
  assert.deepEqual(migrationsFinding(['3', '1', '2'], known), { status: 'ok' })
  assert.deepEqual(migrationsFinding([], known), {
    status: 'failed',
    detail: 'The database lacks 3 migrations',
    pending: known,
  })
  assert.deepEqual(migrationsFinding(['1', '3', '4'], known), {
    status: 'failed',
    detail: 'The database lacks 1 migration',
    pending: ['2'],
    newer: ['4'],
  })
  assert.deepEqual(migrationsFinding(['1', '2', '3', '4'], known), {
    status: 'degraded',
    detail: 'The database is newer than this version: it has 1 migration more',
    newer: ['4'],
  })
})

test('calls the outbox degraded beyond its limit', () => {
  assert.deepEqual(outboxFinding(0), { status: 'ok', lagSeconds: 0 })
  assert.deepEqual(outboxFinding(60), { status: 'ok', lagSeconds: 60 })
  assert.equal(outboxFinding(60.1).status, 'degraded')
  assert.equal(outboxFinding(-3).lagSeconds, 0)
})
