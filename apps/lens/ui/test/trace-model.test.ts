import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { descendantCount, revealing, rowOf, visibleRows } from '../src/model/rows.ts'
import { coveredIntervals } from '../src/model/self-time.ts'
import { CYCLE, ORPHAN } from '../src/model/span-tree.ts'
import { traceInsights } from '../src/model/trace-insights.ts'
import type { TraceModel } from '../src/model/trace-model.ts'
import { traceWarnings } from '../src/model/trace-warnings.ts'
import { arbitraryTrace, spanView, trace, traceResponse } from './arbitrary-spans.ts'
import { idOf, modelOf } from './waterfall-of.ts'

const names = (model: TraceModel, spans: Iterable<number>) =>
  [...spans].map((span) => model.spans[span]!.name)
const drawn = (model: TraceModel) =>
  [...model.tree.order].map((span) => `${'.'.repeat(model.tree.depth[span]!)}${model.spans[span]!.name}`)
const marked = (model: TraceModel, mark: number) =>
  names(
    model,
    [...model.tree.order].filter((span) => model.tree.marks[span]! & mark),
  )

describe('the tree of a trace', () => {
  it('nests spans below their parents, siblings by start, whatever order they came in', () => {
    const model = modelOf(trace('late root 50 10', 'leaf early 12 3', 'early root 10 20', 'root - 0 100'))
    assert.deepEqual(drawn(model), ['root', '.early', '..leaf', '.late'])
  })

  it('puts the longer of two siblings that start together first', () => {
    const model = modelOf(trace('root - 0 100', 'short root 5 1', 'long root 5 50'))
    assert.deepEqual(drawn(model), ['root', '.long', '.short'])
  })

  it('draws a span without its parent at the top level and marks it as an orphan', () => {
    const model = modelOf(trace('root - 0 100', 'lost gone 20 5', 'child lost 21 1'))
    assert.deepEqual(drawn(model), ['root', 'lost', '.child'])
    assert.deepEqual(marked(model, ORPHAN), ['lost'])
  })

  it('cuts a cycle at its earliest span and keeps what hangs below it', () => {
    const model = modelOf(trace('a c 5 1', 'b a 3 1', 'c b 4 1', 'tail c 9 1'))
    assert.deepEqual(drawn(model), ['b', '.c', '..a', '..tail'])
    assert.deepEqual(marked(model, CYCLE), ['b'])
  })

  it('draws a span that is its own parent at the top level', () => {
    const model = modelOf(trace('self self 0 1', 'child self 0 1'))
    assert.deepEqual(drawn(model), ['self', '.child'])
    assert.deepEqual(marked(model, CYCLE), ['self'])
  })

  it('holds each span exactly once with finite figures, whatever spans come in', () => {
    fc.assert(
      fc.property(arbitraryTrace, (response) => {
        const model = modelOf(response)
        const { tree, times, self } = model
        const everySpan = response.spans.map((_, index) => index)
        assert.deepEqual(
          [...tree.order].sort((a, b) => a - b),
          everySpan,
        )
        for (const span of everySpan) {
          const up = tree.parent[span]!
          const from = tree.position[span]!
          const end = tree.subtreeEnd[span]!
          assert.equal(tree.order[from], span)
          assert.equal(tree.depth[span], up === -1 ? 0 : tree.depth[up]! + 1)
          if (up !== -1) assert.ok(tree.position[up]! < from && end <= tree.subtreeEnd[up]!)
          assert.ok(Number.isFinite(times.start[span]!) && times.start[span]! >= 0)
          assert.ok(Number.isFinite(times.duration[span]!) && times.duration[span]! >= 0)
          assert.ok(times.start[span]! + times.duration[span]! <= times.length)
          assert.ok(self[span]! >= 0 && self[span]! <= times.duration[span]!)
        }
        assert.equal(
          model.services.reduce((sum, share) => sum + share.spanCount, 0),
          everySpan.length,
        )
      }),
    )
  })

  it('says of each span why it is a root when it names a parent', () => {
    fc.assert(
      fc.property(arbitraryTrace, (response) => {
        const { tree } = modelOf(response)
        for (const root of tree.roots) {
          const named = response.spans[root]!.parentSpanId !== ''
          assert.equal((tree.marks[root]! & (ORPHAN | CYCLE)) !== 0, named)
        }
      }),
    )
  })

  it('builds a chain and a bush of 100,000 spans', () => {
    const chain: string[] = []
    const bush: string[] = []
    for (let n = 0; n < 100_000; n++) {
      chain.push(`s${n} ${n === 0 ? '-' : `s${n - 1}`} ${n} ${200_000 - n}`)
      bush.push(`s${n} ${n === 0 ? '-' : 's0'} ${n} 1`)
    }
    const deep = modelOf(trace(...chain))
    assert.equal(deep.tree.maxDepth, 99_999)
    assert.equal(descendantCount(deep.tree, deep.root), 99_999)
    const wide = modelOf(trace(...bush))
    assert.equal(wide.tree.maxDepth, 1)
    assert.equal(descendantCount(wide.tree, wide.root), 99_999)
  })
})

describe('rows', () => {
  const model = modelOf(trace('root - 0 9', 'a root 1 3', 'a1 a 1 1', 'a2 a 2 1', 'b root 5 3', 'b1 b 6 1'))
  const index = (id: string) => model.ids.find(idOf(id))!

  it('leave out what is below a collapsed span', () => {
    assert.deepEqual(names(model, visibleRows(model.tree, new Set([index('a')]))), ['root', 'a', 'b', 'b1'])
    assert.deepEqual(names(model, visibleRows(model.tree, new Set([index('root'), index('a')]))), ['root'])
  })

  it('find a span again, and say when it is hidden', () => {
    const rows = visibleRows(model.tree, new Set([index('a')]))
    assert.equal(rowOf(model.tree, rows, index('b1')), 3)
    assert.equal(rowOf(model.tree, rows, index('a2')), -1)
  })

  it('open exactly the ancestors of a span that is to be shown', () => {
    const collapsed = new Set([index('root'), index('a'), index('b')])
    assert.deepEqual([...revealing(model.tree, collapsed, index('a1'))], [index('b')])
    assert.equal(revealing(model.tree, collapsed, index('root')), collapsed)
  })

  it('are the spans without a collapsed ancestor, in order, for any trace and any collapse', () => {
    fc.assert(
      fc.property(arbitraryTrace, fc.array(fc.nat(39)), (response, picks) => {
        const { tree } = modelOf(response)
        const collapsed = new Set(picks.filter((pick) => pick < tree.count))
        const hidden = (span: number): boolean => {
          const up = tree.parent[span]!
          return up !== -1 && (collapsed.has(up) || hidden(up))
        }
        const rows = visibleRows(tree, collapsed)
        assert.deepEqual(
          [...rows],
          [...tree.order].filter((span) => !hidden(span)),
        )
        for (const span of tree.order) assert.equal(rowOf(tree, rows, span), rows.indexOf(span))
      }),
    )
  })
})

describe('self time', () => {
  const micros = (model: TraceModel, id: string) => model.self[model.ids.find(idOf(id))!]! / 1000

  it('is what no child covers; children that overlap count once', () => {
    const model = modelOf(trace('root - 0 100', 'a root 10 30', 'b root 20 30', 'c root 90 10'))
    assert.equal(micros(model, 'root'), 50)
  })

  it('does not count what a child does outside its parent', () => {
    const model = modelOf(trace('root - 0 100', 'early root 0 10', 'consumer root 95 500'))
    assert.equal(micros(model, 'root'), 85)
    assert.equal(micros(model, 'consumer'), 500)
  })

  it('equals the duration less the covered intervals, which are disjoint, in order and within the span', () => {
    fc.assert(
      fc.property(arbitraryTrace, (response) => {
        const { tree, times, self } = modelOf(response)
        for (let span = 0; span < tree.count; span++) {
          const pairs = coveredIntervals(tree, times.start, times.duration, span)
          let covered = 0
          let edge = times.start[span]!
          for (let at = 0; at < pairs.length; at += 2) {
            assert.ok(pairs[at]! >= edge && pairs[at + 1]! > pairs[at]!)
            covered += pairs[at + 1]! - pairs[at]!
            edge = pairs[at + 1]!
          }
          assert.ok(edge <= times.start[span]! + times.duration[span]!)
          const expected = times.duration[span]! - covered
          // Far from the origin a double's steps are wide.
          const rounding = 1e-6 * times.duration[span]! + times.length / 2 ** 45
          assert.ok(Math.abs(expected - self[span]!) <= rounding)
        }
      }),
    )
  })
})

describe('times', () => {
  it('do not stretch back to 1970 for a span without a start', () => {
    const model = modelOf(
      traceResponse([
        spanView({ spanId: 'a', durationNano: 500 }),
        spanView({ spanId: 'b', startUnixNano: '0' }),
      ]),
    )
    assert.equal(model.times.originUnixNano, 1_700_000_000_000_000_000n)
    assert.equal(model.times.length, 500)
    assert.deepEqual([...model.times.unusable], [0, 1])
  })

  it('keep single nanoseconds apart', () => {
    const model = modelOf(
      traceResponse([
        spanView({ spanId: 'a', startUnixNano: '1700000000000000001' }),
        spanView({ spanId: 'b', startUnixNano: '1700000000000000002' }),
      ]),
    )
    assert.deepEqual([...model.times.start], [0, 1])
  })
})

describe('warnings', () => {
  const kinds = (...lines: string[]) => traceWarnings(modelOf(trace(...lines))).map(({ kind }) => kind)

  it('are none for a trace in order', () => {
    assert.deepEqual(kinds('root - 0 9', 'child root 1 2'), [])
  })

  it('name a missing root, orphans, cycles and spans that began before their parent', () => {
    assert.deepEqual(kinds('lost gone 0 9'), ['no-root', 'orphans'])
    assert.deepEqual(kinds('root - 0 9', 'a b 1 1', 'b a 2 1'), ['cycles'])
    assert.deepEqual(kinds('root - 10 9', 'child root 3 2'), ['early'])
  })

  it('say by how much a span was early', () => {
    const [warning] = traceWarnings(modelOf(trace('root - 10 9', 'child root 3 2')))
    assert.match(warning!.message, /^1 span .* by up to 7 µs/)
  })

  it('name the tenants when there is more than one', () => {
    const spans = [
      spanView({ spanId: 'a', tenant: 'north' }),
      spanView({ spanId: 'b', parentSpanId: 'a', tenant: 'south' }),
    ]
    const [warning] = traceWarnings(modelOf(traceResponse(spans)))
    assert.equal(warning!.kind, 'tenants')
    assert.match(warning!.message, /north, south/)
    assert.deepEqual(warning!.spans, [1])
  })
})

describe('insights', () => {
  it('tell the same failure once, with all the spans that it hit', () => {
    const response = trace('root - 0 100', 'a root 10 8', 'b root 20 6')
    const spans = response.spans.map((span) =>
      span.name === 'root'
        ? span
        : { ...span, name: 'call', status: 'error' as const, statusMessage: 'refused' },
    )
    const { failures } = traceInsights(modelOf({ ...response, spans }), 2)
    assert.deepEqual(failures, [{ text: 'refused', spans: [1, 2] }])
  })

  it('blame the deepest failed spans and rank spans by self time', () => {
    const response = trace('root - 0 100', 'call root 10 80', 'db call 20 60', 'other root 95 2')
    const spans = response.spans.map((span) =>
      span.name === 'root' || span.name === 'call' || span.name === 'db'
        ? { ...span, status: 'error' as const }
        : span,
    )
    const model = modelOf({ ...response, spans })
    const { failures, slowest } = traceInsights(model, 2)
    assert.deepEqual(
      names(
        model,
        failures.flatMap((failure) => failure.spans),
      ),
      ['db'],
    )
    assert.deepEqual(names(model, slowest), ['db', 'call'])
    assert.equal(model.failedBelow[model.root], 2)
  })
})
