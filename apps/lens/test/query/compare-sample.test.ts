/** A comparison of more members than are looked at: sizes stay exact, and shares are those of the whole as far as a sample can tell. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { configFromEnvironment } from '../../src/config.ts'
import { type Comparison, compareCohorts } from '../../src/query/compare/compare-cohorts.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

/** Two spans each. Every tenth trace is slow. */
const traceCount = 80_000
const slow = traceCount / 10

let directory: TemporaryDirectory
let store: Store

before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    configFromEnvironment({ RUSTOK_DATA_DIR: directory.path }),
    pino({ level: 'silent' }),
  )
  // Of the slow traces, 80% are in zone b; of the others, 30%. The request's id is on each but once.
  await store.engine.command(`
    INSERT INTO spans (tenant, trace_id, span_id, start, duration, service, name, kind, resource, scope, attributes, received)
    SELECT 'acme', toFixedString(reinterpretAsString(toUInt64(trace + 1)), 16), toFixedString(concat('span', toString(number % 2)), 8),
      1700000000000000000 + trace * 1000000, if(trace % 10 = 0, 900, 50) * 1000000, 'shop', 'GET /', 2, '{}', '{}',
      [concat('zone:s=', if(cityHash64(trace) % 100 < if(trace % 10 = 0, 80, 30), 'b', 'a')),
       concat('noise:s=', toString(cityHash64(trace, 1) % 4)), concat('request.id:s=', toString(trace))], now()
    FROM (SELECT number, intDiv(number, 2) AS trace FROM numbers(${2 * traceCount}))`)
})

after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})

const everything = { from: 0n, to: 2n ** 63n }
const slowOnes = { by: 'duration', threshold: 500_000_000n } as const

function compare(unit: 'traces' | 'spans'): Promise<Comparison> {
  return compareCohorts(store.engine, everything, slowOnes, { unit, limit: 100 })
}

function assertWithin(value: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(value - expected) <= tolerance, `${value} is not within ${tolerance} of ${expected}`)
}

for (const [unit, members] of [
  ['traces', 1],
  ['spans', 2],
] as const) {
  test(`looks at some of many ${unit}, counts them all, and finds the same`, async () => {
    const comparison = await compare(unit)
    const { selected, rest, values, identities } = comparison
    assert.deepEqual([selected.total, rest.total], [members * slow, members * (traceCount - slow)])
    // The same ids each time, so that this is no matter of luck; six standard deviations of a fair sample.
    for (const { sampled } of [selected, rest]) assertWithin(sampled, 3_000, 6 * Math.sqrt(3_000))
    const zone = values.find(({ key }) => key === 'zone')
    assert.equal(zone?.value, 'b')
    assertWithin(zone.selected / selected.sampled, 0.8, 0.05)
    assertWithin(zone.rest / rest.sampled, 0.3, 0.05)
    assert.ok(zone.falseDiscoveryRate < 1e-100)
    for (const { key, falseDiscoveryRate } of values) assert.ok(key === 'zone' || falseDiscoveryRate > 0.001)
    assert.deepEqual(
      identities.map(({ key }) => key),
      ['request.id'],
    )
    assert.deepEqual(await compare(unit), comparison)
  })
}

test('looks at all members of a small cohort, whatever the size of the other', async () => {
  const split = {
    by: 'selection',
    from: 0n,
    to: 1_700_000_000_999_999_999n,
    shortest: 0n,
    longest: 2n ** 62n,
  } as const
  const { selected, rest } = await compareCohorts(store.engine, everything, split, {
    unit: 'traces',
    limit: 10,
  })
  assert.deepEqual(selected, { total: 1_000, sampled: 1_000 })
  assert.equal(rest.total, traceCount - 1_000)
  assertWithin(rest.sampled, 3_000, 6 * Math.sqrt(3_000))
})
