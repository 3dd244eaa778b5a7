/** What the page Why? shows together, and what it says may be chance. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ComparedValue } from 'rustok-lens/contract'
import { rankedValues } from '../src/model/value-groups.ts'

function value(
  key: string,
  selectedCount: number,
  restCount: number,
  falseDiscoveryRate: number,
): ComparedValue {
  return {
    source: 'attribute',
    key,
    value: 'v',
    valueTruncated: false,
    range: null,
    selectedCount,
    restCount,
    selectedShare: selectedCount / 10,
    restShare: restCount / 10,
    lift: null,
    pValue: falseDiscoveryRate,
    falseDiscoveryRate,
  } as ComparedValue
}

test('values in the same numbers stand together, in their order, and those that may be chance apart', () => {
  const { certain, uncertain } = rankedValues([
    value('a', 9, 0, 0.0001),
    value('b', 9, 0, 0.0001),
    value('c', 8, 0, 0.001),
    value('d', 9, 0, 0.0001),
    value('e', 5, 4, 0.6),
    value('f', 5, 4, 0.6),
  ])
  const keys = (groups: typeof certain) =>
    groups.map(({ first, alike }) => [first.key, ...alike.map(({ key }) => key)].join(''))
  assert.deepEqual([keys(certain), keys(uncertain)], [['abd', 'c'], ['ef']])
  const [group] = rankedValues([
    value('db.operation.name', 9, 0, 0),
    value('error.type', 9, 0, 0),
    value('exception.type', 9, 0, 0),
    value('operation', 9, 0, 0),
  ]).certain
  assert.equal(group?.first.key, 'exception.type', 'which says more than the others')
  assert.equal(group.alike.length, 3)
  assert.deepEqual(rankedValues([]), { certain: [], uncertain: [] })
})
