/** The line at the end when spans were lost, and the README's table of reasons. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { Ledger } from '../src/export/ledger.ts'
import { describeLosses, lossAdvice } from '../src/export/losses.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

suite('losses', () => {
  test('are not spoken of when there are none', () => {
    const ledger = new Ledger()
    ledger.created = 10
    ledger.exported = 10
    assert.equal(describeLosses(ledger.snapshot()), undefined)
  })

  test('are one line, with each reason and what to change', () => {
    const ledger = new Ledger()
    ledger.created = 100
    ledger.dropped.queue_full = 30
    ledger.dropped.memory = 2
    ledger.rejected = 5
    const line = describeLosses(ledger.snapshot())!
    assert.match(line, /^of 100 spans, these were lost: 30 \(.*raise OTEL_BSP_MAX_QUEUE_SIZE/)
    assert.match(line, /; 2 \(the process was short of memory: .*\); 5 \(rejected by the collector\)$/)
    assert.ok(!line.includes('\n'))
  })

  test('have a row in the README for each reason of the ledger, and for no other', () => {
    const section = readme.slice(
      readme.indexOf('| reason |'),
      readme.indexOf('\n\n', readme.indexOf('| reason |')),
    )
    const rows = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason)
    assert.deepEqual(rows.sort(), Object.keys(new Ledger().dropped).sort())
  })

  test('name variables that the README explains', () => {
    for (const advice of Object.values(lossAdvice)) {
      for (const [variable] of advice.matchAll(/\b(OTEL|RUSTOK)_[A-Z_]+/g)) {
        assert.ok(readme.includes(`| \`${variable}\``), variable)
      }
    }
  })
})
