/** What a trace opens with: the request, where it would be too narrow to be read beside what came after it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openingView } from '../src/model/opening-view.ts'
import { endOf } from '../src/model/trace-model.ts'
import { arbitraryTrace, spanView, traceResponse } from './arbitrary-spans.ts'
import { modelOf } from './waterfall-of.ts'

/** A request of so many milliseconds, and a handler of one that begins at another. */
function request(length: number, later: number) {
  const at = (ms: number) => String(1_700_000_000_000_000_000n + BigInt(ms) * 1_000_000n)
  const root = {
    spanId: 'r',
    name: 'GET /',
    kind: 'server',
    startUnixNano: at(0),
    durationNano: length * 1e6,
  }
  const after = { spanId: 'h', parentSpanId: 'r', startUnixNano: at(later), durationNano: 1e6 }
  return modelOf(traceResponse([spanView(root as never), spanView(after as never)]))
}

test('is the whole where the request is a fair part of it', () => {
  assert.equal(openingView(request(100, 20)), undefined)
  assert.equal(openingView(request(100, 380)), undefined)
})

test('is the request, with room beside it, where what came later would dwarf it', () => {
  assert.deepEqual(openingView(request(100, 2_000)), {
    start: 0,
    end: 112e6,
    name: 'Until the answer: 100 ms of 2 s',
  })
})

test('lies within any trace and has the root in it', () => {
  fc.assert(
    fc.property(arbitraryTrace, (trace) => {
      const model = modelOf(trace)
      if (model.tree.count === 0) return
      const view = openingView(model)
      if (view === undefined) return
      assert.ok(view.start >= 0 && view.end <= model.times.length && view.start < view.end)
      assert.ok(model.times.start[model.root]! >= view.start && endOf(model, model.root) <= view.end)
    }),
  )
})
