import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { TailSpan, TraceSummary } from 'rustok-lens/contract'
import { EventReader } from '../src/model/event-stream.ts'
import { freshTraces, LATE_MS } from '../src/model/fresh-traces.ts'
import {
  type Arrival,
  EMPTY_TAIL,
  MOST_KEPT,
  paused,
  resumed,
  skippedWords,
  spanArrival,
  traceArrival,
  withArrivals,
  withSkipped,
} from '../src/model/tail-list.ts'

function summary(traceId: string, spanCount = 1, startMs = 0): TraceSummary {
  return { traceId, spanCount, startUnixNano: String(BigInt(startMs) * 1_000_000n) } as TraceSummary
}
const arrival = (id: string, spanCount = 1) => traceArrival(summary(id, spanCount))
const keys = (arrivals: readonly Arrival[]) => arrivals.map(({ key }) => key)

describe('the live tail', () => {
  it('shows the newest first, and each trace once, as it is known last', () => {
    let list = withArrivals(EMPTY_TAIL, [arrival('a'), arrival('b')])
    list = withArrivals(list, [arrival('c'), arrival('a', 9)])
    assert.deepEqual(keys(list.shown), ['c', 'b', 'a'])
    assert.deepEqual(list.shown[2], arrival('a', 9))
    assert.equal(list.arrived, 3)
  })

  it('tells spans of one trace apart', () => {
    const span = (spanId: string) => spanArrival({ traceId: 't', spanId } as TailSpan)
    assert.deepEqual(keys(withArrivals(EMPTY_TAIL, [span('1'), span('2')]).shown), ['t 2', 't 1'])
  })

  it('stays bounded, without doubles, whatever comes and however it is paused', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.array(fc.nat({ max: 2000 }), { maxLength: 300 }) },
      { weight: 1, arbitrary: fc.constant('pause' as const) },
      { weight: 1, arbitrary: fc.constant('resume' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let list = EMPTY_TAIL
        for (const one of steps) {
          const before = list.shown
          if (one === 'pause') list = paused(list)
          else if (one === 'resume') list = resumed(list)
          else
            list = withArrivals(
              list,
              one.map((id) => arrival(String(id))),
            )
          const all = [...list.shown, ...list.waiting]
          assert.equal(new Set(keys(all)).size, all.length)
          assert.ok(list.shown.length <= MOST_KEPT && list.waiting.length <= MOST_KEPT)
          if (list.isPaused && one !== 'pause')
            assert.deepEqual(keys(list.shown), keys(before), 'nothing moves')
        }
      }),
      { numRuns: 50 },
    )
  })

  it('keeps what comes during a pause, and shows it on top when it goes on', () => {
    const list = withArrivals(paused(withArrivals(EMPTY_TAIL, [arrival('a')])), [arrival('b'), arrival('c')])
    assert.deepEqual(keys(list.shown), ['a'])
    assert.deepEqual(keys(list.waiting), ['c', 'b'])
    assert.deepEqual(keys(resumed(list).shown), ['c', 'b', 'a'])
  })

  it('says what it left out and why', () => {
    assert.equal(skippedWords(EMPTY_TAIL), undefined)
    let list = withSkipped(EMPTY_TAIL, { spans: 1200, reason: 'rate' })
    list = withSkipped(list, { spans: 34, reason: 'rate' })
    assert.match(skippedWords(list)!, /1,?234 matching spans beyond the rate/)
    assert.match(
      skippedWords(withSkipped(EMPTY_TAIL, { spans: null, reason: 'limit' }))!,
      /could not be counted/,
    )
  })
})

describe('server-sent events', () => {
  it('are the same however the text is cut into pieces', () => {
    const text = fc
      .string({ unit: 'grapheme-ascii', maxLength: 12 })
      .map((part) => part.replaceAll(/[\r\n]/g, ''))
    const event = fc.record({
      event: fc.constantFrom('', 'trace', 'end'),
      data: fc.array(text, { minLength: 1 }),
    })
    const ends = fc.constantFrom('\n', '\r\n', '\r')
    fc.assert(
      fc.property(fc.array(event), ends, fc.array(fc.nat()), (events, end, cuts) => {
        const stream = events
          .map(({ event: name, data }) =>
            [
              ':comment',
              ...(name === '' ? [] : [`event: ${name}`]),
              ...data.map((line) => `data: ${line}`),
              'id: 7',
              '',
              '',
            ]
              .join(end)
              .slice(0, -end.length),
          )
          .concat(end)
          .join(end)
        const places = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b)
        const pieces = [0, ...places].map((from, at) => stream.slice(from, places[at]))
        const reader = new EventReader()
        const read = pieces.flatMap((piece) => reader.read(piece))
        assert.deepEqual(
          read,
          events.map(({ event: name, data }) => ({ event: name || 'message', data: data.join('\n') })),
        )
        if (events.length > 0) assert.equal(reader.lastId, '7')
      }),
    )
  })

  it('move the id on without telling anything, and say when to come back', () => {
    const reader = new EventReader()
    assert.deepEqual(reader.read('retry: 1500\n\n:\nid: 42\n\n'), [])
    assert.equal(reader.retryMs, 1500)
    assert.equal(reader.lastId, '42')
  })
})

describe('traces that came since a search', () => {
  const at = 1_000_000
  const asked = { at, ids: new Set(['known']), reaches: undefined }

  it('are those that it had not found, also when they began a moment before it', () => {
    const newest = [summary('new', 1, at + 5), summary('known', 1, at - 5), summary('late', 1, at - 5000)]
    assert.equal(freshTraces(newest, asked), 2)
  })

  it('are not those that began long before, or that are only not loaded yet', () => {
    assert.equal(freshTraces([summary('old', 1, at - LATE_MS - 1)], asked), 0)
    assert.equal(freshTraces([summary('next page', 1, at - 5000)], { ...asked, reaches: at - 1000 }), 0)
  })
})
