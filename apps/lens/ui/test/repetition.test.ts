import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { allFolded, foldedAt, foldOf, LEAST_REPEATED } from '../src/model/repetition.ts'
import { revealing, rowOf, visibleRows } from '../src/model/rows.ts'
import { arbitraryTrace, trace } from './arbitrary-spans.ts'
import { modelOf } from './waterfall-of.ts'

/** Calls of one name below one root, the last failed. */
function repeated(count: number) {
  const calls = Array.from({ length: count }, (_, at) => `c${at} root ${at * 10} ${at + 1}`)
  const response = trace('root - 0 1000', ...calls, 'below c0 1 1', 'other root 900 1')
  const spans = response.spans.map((span) =>
    span.name.startsWith('c')
      ? { ...span, name: 'SELECT', status: span.name === `c${count - 1}` ? ('error' as const) : 'unset' }
      : span,
  )
  return modelOf({ ...response, spans: spans as typeof response.spans })
}

describe('repetition', () => {
  it('is one row from five of a kind, with their total, median, longest and failures', () => {
    const model = repeated(LEAST_REPEATED)
    const collapsed = allFolded(model.repeated)
    const rows = visibleRows(model.tree, collapsed, model.repeated)
    assert.deepEqual(
      [...rows].map((span) => model.spans[span]!.name),
      ['root', 'SELECT', 'other'],
    )
    const group = foldedAt(model.repeated, collapsed, rows[1]!)!
    assert.deepEqual(
      [group.members.length, group.total, group.median, group.max, group.failed],
      [5, 15_000, 3000, 5000, 1],
    )
    assert.deepEqual(repeated(LEAST_REPEATED - 1).repeated.groups, [])
  })

  it('opens for a span that a folded row stands for, and for one below it', () => {
    const model = repeated(6)
    const collapsed = allFolded(model.repeated)
    for (const name of ['SELECT', 'below']) {
      const span = model.spans.findLastIndex((line) => line.name === name)
      const opened = revealing(model.tree, collapsed, span, model.repeated)
      assert.equal(opened.has(foldOf(0)), false)
      assert.notEqual(rowOf(model.tree, visibleRows(model.tree, opened, model.repeated), span), -1)
    }
  })

  it('stands for each hidden span once, whatever spans come in', () => {
    fc.assert(
      fc.property(arbitraryTrace, (response) => {
        const model = modelOf(response)
        const rows = visibleRows(model.tree, allFolded(model.repeated), model.repeated)
        const shown = new Set(rows)
        for (const { leader, members } of model.repeated.groups) {
          assert.equal(leader, members[0])
          for (const member of members.slice(1)) assert.equal(shown.has(member), false)
        }
        for (let span = 0; span < model.tree.count; span++) {
          const opened = revealing(model.tree, allFolded(model.repeated), span, model.repeated)
          assert.notEqual(rowOf(model.tree, visibleRows(model.tree, opened, model.repeated), span), -1)
        }
      }),
    )
  })
})
