import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grouped, percentRange, significant, withRange } from '../report/format.ts'
import { formatTable } from '../report/table.ts'

test('numbers have three significant digits, and a range when the runs differ', () => {
  assert.deepEqual([0.00042, 0.0687, 0.72, 5.3, 12.84, 145.3, 1523].map(significant), [
    '0.000',
    '0.069',
    '0.720',
    '5.30',
    '12.8',
    '145',
    '1523',
  ])
  assert.equal(withRange({ median: 0.7, min: 0.69, max: 0.74 }), '0.700 (0.690-0.740)')
  assert.equal(withRange({ median: 2, min: 2, max: 2 }), '2.00')
  assert.equal(percentRange({ median: 0.81, min: 0.789, max: 0.83 }), '81% (79-83)')
  assert.equal(grouped(1_204_311), '1,204,311')
})

test('a table is aligned, and Markdown', () => {
  const columns = [
    { title: 'mode', align: 'left', cell: (row: { name: string }) => row.name },
    { title: 'n', cell: (row: { name: string; n?: number }) => String(row.n ?? '') },
  ] as const
  const rows = [{ name: 'bare', n: 7 }, { name: 'with a longer name', n: 12345 }, { name: '' }]
  assert.equal(
    formatTable(columns, rows),
    [
      '| mode               |     n |',
      '| ------------------ | ----: |',
      '| bare               |     7 |',
      '| with a longer name | 12345 |',
      '|                    |       |',
    ].join('\n'),
  )
})
