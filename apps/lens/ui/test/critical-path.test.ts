import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { timeOnPath } from '../src/model/critical-path.ts'
import { MINIMAP_ERROR, minimapGrid } from '../src/model/minimap.ts'
import type { TraceModel } from '../src/model/trace-model.ts'
import { arbitraryTrace, trace } from './arbitrary-spans.ts'
import { modelOf } from './waterfall-of.ts'

/** `name from-to` in microseconds, by start. */
function stretches(model: TraceModel): string[] {
  const { first, times } = model.path
  const found: { text: string; from: number }[] = []
  for (let span = 0; span < model.tree.count; span++) {
    for (let at = first[span]!; at < first[span + 1]!; at++) {
      const from = times[2 * at]! / 1000
      found.push({ text: `${model.spans[span]!.name} ${from}-${times[2 * at + 1]! / 1000}`, from })
    }
  }
  return found.sort((a, b) => a.from - b.from).map(({ text }) => text)
}

describe('the critical path', () => {
  it('goes through what ended last before each moment, and through the span itself between', () => {
    const model = modelOf(
      trace('root - 0 100', 'a root 10 30', 'b root 15 60', 'deep b 20 50', 'c root 80 10'),
    )
    assert.deepEqual(stretches(model), [
      'root 0-15',
      'b 15-20',
      'deep 20-70',
      'b 70-75',
      'root 75-80',
      'c 80-90',
      'root 90-100',
    ])
  })

  it('leaves out what nobody waited for: asynchronous work, and spans of no duration', () => {
    assert.deepEqual(stretches(modelOf(trace('root - 0 50', 'job root 40 500', 'blink root 20 0'))), [
      'root 0-50',
    ])
  })

  it('is as long as the root and covers each moment once, whatever spans come in', () => {
    fc.assert(
      fc.property(arbitraryTrace, (response) => {
        const model = modelOf(response)
        if (model.root === -1) return
        const { first, times } = model.path
        const pairs: [number, number][] = []
        for (let at = 0; at < first[model.tree.count]!; at++) pairs.push([times[2 * at]!, times[2 * at + 1]!])
        pairs.sort((a, b) => a[0] - b[0])
        let edge = model.times.start[model.root]!
        for (const [from, to] of pairs) {
          assert.equal(from, edge)
          assert.ok(to > from)
          edge = to
        }
        const end = model.times.start[model.root]! + model.times.duration[model.root]!
        assert.equal(pairs.length === 0 ? end : edge, end)
        const sum = model.spans.reduce((total, _, span) => total + timeOnPath(model.path, span), 0)
        assert.ok(Math.abs(sum - model.times.duration[model.root]!) <= 1e-6 * model.times.length + 1)
      }),
    )
  })
})

describe('the minimap', () => {
  it('shows a failure among thousands, at its time and row', () => {
    const lines = Array.from({ length: 5000 }, (_, at) => `s${at} root ${at * 10} 9`)
    const response = trace('root - 0 50000', ...lines)
    const spans = response.spans.map((span) =>
      span.name === 's2500' ? { ...span, status: 'error' as const } : span,
    )
    const grid = minimapGrid(modelOf({ ...response, spans }), 400, 40)
    const marked = [...grid.keys()].filter((at) => grid[at] === MINIMAP_ERROR)
    assert.equal(marked.length, 2)
    assert.ok(Math.abs((marked[0]! % 400) - 200) <= 1)
    assert.equal(Math.floor(marked[0]! / 400), 20)
  })

  it('stays within the grid, whatever spans come in', () => {
    fc.assert(
      fc.property(
        arbitraryTrace,
        fc.integer({ min: 2, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (response, width, height) => {
          const model = modelOf(response)
          const grid = minimapGrid(model, width, height)
          assert.equal(grid.length, width * height)
          if (model.tree.count > 0) assert.ok(grid.some((value) => value !== 0))
          for (const value of grid) assert.ok(value <= model.services.length || value === MINIMAP_ERROR)
        },
      ),
    )
  })
})
