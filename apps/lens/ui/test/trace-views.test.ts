/** The other views of a trace: its spans summed up, some of them alone, and its flame. By generated traces, against the plain way to say the same. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { flameLayout, flameSpanAt, laneBars } from '../src/model/flame-layout.ts'
import { descendantCount, rowOf, visibleRows } from '../src/model/rows.ts'
import { alikeOf, filteredTrace } from '../src/model/span-filter.ts'
import { parseTableSort, sortedGroups, spanGroups, tableSortText } from '../src/model/span-groups.ts'
import { parseTraceState } from '../src/model/trace-state.ts'
import { arbitraryTrace, trace } from './arbitrary-spans.ts'
import { idOf, modelOf } from './waterfall-of.ts'

const namedTrace = fc
  .tuple(arbitraryTrace, fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 40, maxLength: 40 }))
  .map(([response, names]) => ({
    ...response,
    spans: response.spans.map((span, at) => ({ ...span, name: names[at]! })),
  }))

describe('the span table', () => {
  it('sums up count, total, self time, errors, median and longest of each operation', () => {
    fc.assert(
      fc.property(namedTrace, fc.constantFrom('operation' as const, 'service' as const), (response, by) => {
        const model = modelOf(response)
        const groups = spanGroups(model, by)
        assert.equal(
          groups.reduce((sum, { count }) => sum + count, 0),
          model.tree.count,
        )
        for (const group of groups) {
          const members = [...model.tree.order].filter(
            (span) =>
              model.service[span] === group.service &&
              (by === 'service' || model.spans[span]!.name === group.name),
          )
          const durations = members.map((span) => model.times.duration[span]!).sort((a, b) => a - b)
          const sum = (of: ArrayLike<number>) => members.reduce((total, span) => total + of[span]!, 0)
          assert.equal(group.count, members.length)
          assert.equal(group.first, members[0])
          assert.equal(group.median, durations[(durations.length - 1) >> 1])
          assert.equal(group.max, durations.at(-1))
          assert.equal(model.times.duration[group.longest], group.max)
          assert.equal(group.total, sum(model.times.duration))
          assert.equal(group.self, sum(model.self))
          assert.equal(group.errors, sum(model.failed))
        }
      }),
    )
  })

  it('is sorted by any column, and its order is kept in an address', () => {
    const model = modelOf(trace('b - 0 100', 'a b 10 60', 'c b 80 5'))
    const names = (sort: string) =>
      sortedGroups(spanGroups(model, 'operation'), parseTableSort(sort), model.services).map(
        ({ name }) => name,
      )
    assert.deepEqual(names(''), ['a', 'b', 'c'])
    assert.deepEqual(names('total'), ['b', 'a', 'c'])
    assert.deepEqual(names('max-up'), ['c', 'a', 'b'])
    assert.deepEqual(names('name-up'), ['a', 'b', 'c'])
    assert.equal(tableSortText(parseTableSort('max-up')), 'max-up')
    assert.equal(tableSortText(parseTableSort('nonsense')), undefined)
    assert.deepEqual(parseTraceState({ view: 'table', sort: 'path', by: 'service', like: 'ab' }), {
      view: 'table',
      sort: 'path',
      by: 'service',
      like: 'ab',
    })
    assert.deepEqual(parseTraceState({ view: 'cube', sort: 'self', by: 'x', like: 7 }), {})
  })
})

describe('a filtered trace', () => {
  it('keeps what matches and what is above it, in the order of the whole', () => {
    fc.assert(
      fc.property(namedTrace, fc.nat(39), (response, pick) => {
        const model = modelOf(response)
        if (pick >= model.tree.count) return
        const matches = alikeOf(model, pick)
        const { model: shown, count } = filteredTrace(model, matches)
        const { tree } = model
        const isAbove = (span: number) =>
          [...tree.order]
            .slice(tree.position[span]! + 1, tree.subtreeEnd[span])
            .some((below) => matches[below] === 1)
        const expected = [...tree.order].filter((span) => matches[span] === 1 || isAbove(span))
        assert.deepEqual([...visibleRows(shown.tree, new Set())], expected)
        assert.equal(count, expected.filter((span) => matches[span] === 1).length)
        for (const [row, span] of expected.entries()) {
          assert.equal(rowOf(shown.tree, shown.tree.order, span), row)
          const inside = expected.slice(row + 1).filter((other) => isBelow(model, other, span))
          assert.equal(descendantCount(shown.tree, span), inside.length)
          const siblings = expected.filter((other) => tree.parent[other] === tree.parent[span])
          assert.equal(shown.tree.lastSibling[span] === 1, siblings.at(-1) === span)
        }
        const hidden = [...tree.order].find((span) => !expected.includes(span))
        if (hidden !== undefined) assert.equal(rowOf(shown.tree, shown.tree.order, hidden), -1)
      }),
    )
  })
})

function isBelow({ tree }: ReturnType<typeof modelOf>, span: number, above: number): boolean {
  return tree.position[span]! > tree.position[above]! && tree.position[span]! < tree.subtreeEnd[above]!
}

describe('the flame', () => {
  it('draws each span below its parent, and no two of a lane at once', () => {
    fc.assert(
      fc.property(arbitraryTrace, (response) => {
        const { tree, times } = modelOf(response)
        const layout = flameLayout(tree, times.start, times.duration)
        assert.equal(layout.laneStart[layout.laneCount], tree.count)
        for (const span of tree.order) {
          const up = tree.parent[span]!
          assert.ok(up === -1 || layout.lane[span]! > layout.lane[up]!)
        }
        for (let lane = 0; lane < layout.laneCount; lane++) {
          const spans = layout.spans.subarray(layout.laneStart[lane], layout.laneStart[lane + 1])
          for (const [at, span] of spans.entries()) {
            assert.equal(layout.lane[span], lane)
            const before = spans[at - 1]
            if (before !== undefined)
              assert.ok(times.start[before]! + times.duration[before]! <= times.start[span]!)
          }
        }
      }),
    )
  })

  it('gives spans one after the other one lane, and those at once the next that is free', () => {
    const { tree, times, ids } = modelOf(
      trace('root - 0 100', 'a root 10 20', 'b root 40 50', 'c root 60 20'),
    )
    const { lane } = flameLayout(tree, times.start, times.duration)
    const laneOf = (id: string) => lane[ids.find(idOf(id))!]
    assert.deepEqual(['root', 'a', 'b', 'c'].map(laneOf), [0, 1, 1, 2])
  })

  it('draws what is wide enough, counts what is not, and finds each drawn span at its place', () => {
    fc.assert(
      fc.property(arbitraryTrace, fc.integer({ min: 1, max: 300 }), (response, width) => {
        const { tree, times } = modelOf(response)
        const layout = flameLayout(tree, times.start, times.duration)
        const view = { start: 0, end: times.length }
        let seen = 0
        for (let lane = 0; lane < layout.laneCount; lane++) {
          for (const { span, x, width: wide, more } of laneBars(layout, times, lane, view, width)) {
            seen += 1 + more
            assert.ok(x >= 0 && wide >= 1 && x <= width)
            assert.notEqual(flameSpanAt(layout, times, lane, times.start[span]!, 0), undefined)
          }
        }
        assert.equal(seen, tree.count)
      }),
    )
  })

  it('lays out 100,000 spans at once, and draws a lane of them in as many bars as there are pixels', () => {
    const wide: string[] = ['root - 0 400000']
    const row: string[] = ['root - 0 400000']
    for (let n = 0; n < 100_000; n++) {
      wide.push(`w${n} root ${n} 300000`)
      row.push(`r${n} root ${n * 4} 4`)
    }
    const atOnce = modelOf(trace(...wide))
    assert.equal(flameLayout(atOnce.tree, atOnce.times.start, atOnce.times.duration).laneCount, 100_001)
    const { tree, times } = modelOf(trace(...row))
    const layout = flameLayout(tree, times.start, times.duration)
    assert.equal(layout.laneCount, 2)
    const bars = laneBars(layout, times, 1, { start: 0, end: times.length }, 1000)
    assert.ok(bars.length <= 1001)
    assert.equal(
      bars.reduce((sum, { more }) => sum + 1 + more, 0),
      100_000,
    )
  })
})
