import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rowWindow } from '../src/model/row-window.ts'
import {
  barBox,
  clampView,
  gapPlace,
  labelPlace,
  MIN_BAR,
  panned,
  project,
  timeTicks,
  unproject,
  zoomedAround,
} from '../src/model/timeline.ts'

const view = { start: 0, end: 1000 }
const nanos = fc.double({ min: 0, max: 1e16, noNaN: true })
/** Doubles of this size shrink for minutes, and a counterexample is as plain without. */
const plainly = { endOnFailure: true }
const anyView = fc.tuple(nanos, nanos, nanos).map(([a, b, length]) => clampView(a, b, Math.max(1, length)))

describe('bars', () => {
  it('lie where their time is', () => {
    assert.deepEqual(barBox(view, 500, 250, 500), { x: 125, width: 250 })
  })

  it('have a width when the duration has none, also at the right edge', () => {
    assert.deepEqual(barBox(view, 500, 100, 0), { x: 50, width: MIN_BAR })
    assert.deepEqual(barBox(view, 500, 1000, 0), { x: 500 - MIN_BAR, width: MIN_BAR })
  })

  it('are cut at the edges of the view and absent beyond them', () => {
    assert.deepEqual(barBox({ start: 400, end: 600 }, 200, 0, 500), { x: 0, width: 100 })
    assert.equal(barBox({ start: 400, end: 600 }, 200, 0, 399), undefined)
    assert.equal(barBox({ start: 400, end: 600 }, 200, 601, 1), undefined)
  })

  it('are finite and within the column, for every view, width and span', () => {
    fc.assert(
      fc.property(
        anyView,
        fc.integer({ min: 1, max: 4000 }),
        nanos,
        nanos,
        (anywhere, width, start, duration) => {
          const box = barBox(anywhere, width, start, duration)
          if (box === undefined) return
          assert.ok(box.x >= 0 && box.width > 0 && box.x + box.width <= width + 1e-6, JSON.stringify(box))
        },
      ),
      plainly,
    )
  })

  it('carry their label after, before or within them, wherever there is room', () => {
    assert.deepEqual(labelPlace({ x: 0, width: 100 }, 500, 50), { side: 'after', offset: 106 })
    assert.deepEqual(labelPlace({ x: 400, width: 80 }, 500, 50), { side: 'before', offset: 106 })
    assert.deepEqual(labelPlace({ x: 10, width: 480 }, 500, 50), { side: 'inside', offset: 16 })
  })
})

describe('a label between bars', () => {
  it('takes the widest gap that has room for it, and none that has not', () => {
    const boxes = [
      { x: 0, width: 20 },
      { x: 10, width: 5 },
      { x: 60, width: 10 },
      { x: 200, width: 10 },
    ]
    assert.deepEqual(gapPlace(boxes, 210, 50), { side: 'after', offset: 76 })
    assert.deepEqual(gapPlace(boxes, 400, 50), { side: 'after', offset: 216 })
    assert.equal(gapPlace(boxes, 210, 120), undefined)
    assert.deepEqual(gapPlace([], 100, 50), { side: 'after', offset: 6 })
  })
})

describe('the ruler', () => {
  it('has ticks at round times with one unit', () => {
    const ticks = timeTicks({ start: 0, end: 1.3e6 }, 650, 100)
    assert.deepEqual(
      ticks.map((tick) => tick.label),
      ['0', '0.2 ms', '0.4 ms', '0.6 ms', '0.8 ms', '1.0 ms', '1.2 ms'],
    )
  })

  it('counts in minutes and hours where traces take as long', () => {
    assert.deepEqual(
      timeTicks({ start: 0, end: 30 * 60e9 }, 600, 180).map((tick) => tick.label),
      ['0', '10 min', '20 min', '30 min'],
    )
  })

  it('keeps its ticks apart, within the view and few, for every view', () => {
    fc.assert(
      fc.property(anyView, fc.integer({ min: 50, max: 4000 }), (anywhere, width) => {
        const ticks = timeTicks(anywhere, width, 80)
        assert.ok(ticks.length <= width / 80 + 2)
        ticks.forEach((tick, at) => {
          assert.ok(
            tick.time >= anywhere.start - 1e-6 * anywhere.end && tick.time <= anywhere.end * (1 + 1e-9),
          )
          const before = ticks[at - 1]
          if (before !== undefined) {
            assert.ok(project(anywhere, width, tick.time) - project(anywhere, width, before.time) > 79)
            assert.notEqual(tick.label, before.label)
          }
        })
      }),
      plainly,
    )
  })
})

describe('a view', () => {
  it('lies within the trace and has an end after its start, whatever is asked for', () => {
    const odd = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY))
    fc.assert(
      fc.property(odd, odd, fc.double({ min: 1, max: 1e18, noNaN: true }), (a, b, length) => {
        const clamped = clampView(a, b, length)
        assert.ok(
          clamped.start >= 0 && clamped.end <= length && clamped.start < clamped.end,
          JSON.stringify(clamped),
        )
      }),
      plainly,
    )
  })

  it('keeps what is under the pointer there while it zooms, as far as the trace goes', () => {
    const length = 1e12
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, share, fc.double({ min: 0.5, max: 2, noNaN: true }), (from, across, factor) => {
        const before = clampView(from * length * 0.9, from * length * 0.9 + length / 20, length)
        const at = (view: { start: number; end: number }) => (time - view.start) / (view.end - view.start)
        const time = before.start + across * (before.end - before.start)
        const after = zoomedAround(before, time, factor, length)
        assert.ok(after.start >= 0 && after.end <= length && after.start <= time && time <= after.end)
        const isCut = after.start === 0 || after.end === length
        if (!isCut) assert.ok(Math.abs(at(after) - at(before)) < 1e-6)
      }),
      plainly,
    )
    assert.deepEqual(zoomedAround({ start: 0, end: 100 }, 50, 4, 200), { start: 0, end: 200 })
  })

  it('moves along by as much as it shows, and stops at the ends', () => {
    assert.deepEqual(panned({ start: 100, end: 200 }, 0.5, 1000), { start: 150, end: 250 })
    assert.deepEqual(panned({ start: 100, end: 200 }, -3, 1000), { start: 0, end: 100 })
    assert.deepEqual(panned({ start: 100, end: 200 }, 99, 1000), { start: 900, end: 1000 })
  })

  it('maps a pixel to the time that maps to the pixel', () => {
    assert.equal(unproject({ start: 200, end: 400 }, 100, project({ start: 200, end: 400 }, 100, 250)), 250)
  })
})

describe('the window of rows', () => {
  it('covers what is visible, lies within the rows and moves in chunks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -50, max: 3_000_000 }),
        fc.integer({ min: 0, max: 2000 }),
        fc.nat(100_000),
        (top, height, count) => {
          const { first, end } = rowWindow(top, height, 26, count)
          assert.ok(first >= 0 && first <= end && end <= count)
          assert.ok(first % 16 === 0 || first === end)
          const visible = Math.min(count, Math.floor(Math.max(0, top) / 26))
          if (visible < count)
            assert.ok(first <= visible && end >= Math.min(count, Math.ceil((Math.max(0, top) + height) / 26)))
          assert.ok(end - first <= height / 26 + 66)
        },
      ),
      plainly,
    )
  })
})
