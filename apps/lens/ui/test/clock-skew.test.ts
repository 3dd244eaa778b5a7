/** Clocks that disagree, by traces whose clocks were put out by a known amount. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { SpanKind, SpanView } from 'rustok-lens/contract'
import { clockShifts, clockSkews } from '../src/model/clock-skew.ts'
import { skewInput, type TraceModel, withAlignedClocks } from '../src/model/trace-model.ts'
import { traceWarnings } from '../src/model/trace-warnings.ts'
import { arbitraryTrace, spanView, traceResponse } from './arbitrary-spans.ts'
import { idOf, modelOf } from './waterfall-of.ts'

/** Spans from `id parent service kind start duration`, in microseconds; services are those of traceResponse: gateway, server, worker. */
function calls(...lines: readonly string[]): TraceModel {
  const spans = lines.map((line): SpanView => {
    const [spanId = '', parent = '', resource = '0', kind = 'internal', start = '0', duration = '0'] =
      line.split(' ')
    return spanView({
      spanId,
      name: spanId,
      parentSpanId: parent === '-' ? '' : parent,
      resource: Number(resource),
      kind: kind as SpanKind,
      startUnixNano: String(1_700_000_000_000_000_000n + BigInt(start) * 1000n),
      durationNano: Number(duration) * 1000,
    })
  })
  return modelOf(traceResponse(spans))
}

const startOf = (model: TraceModel, id: string) => model.times.start[model.ids.find(idOf(id))!]! / 1000
const kinds = (model: TraceModel) => traceWarnings(model).map(({ kind }) => kind)

describe('clocks that differ', () => {
  it('are found where a call begins before its caller, and moved to the middle of the call', () => {
    const model = calls('root - 0 client 100 50', 'call root 1 server 20 30', 'db call 1 client 25 10')
    const [skew] = clockSkews(skewInput(model))
    assert.equal(model.services[skew!.service]!.name, 'server')
    assert.equal(skew!.shift, 90_000)
    const aligned = withAlignedClocks(model)
    assert.deepEqual(
      ['root', 'call', 'db'].map((id) => startOf(aligned, id)),
      [0, 10, 15],
    )
    assert.equal(aligned.times.length, 50_000)
    assert.match(traceWarnings(model)[0]!.message, /server is about 90 µs behind gateway/)
  })

  it('are found where what a client waited for ends after the client', () => {
    const model = calls('root - 0 client 0 50', 'call root 1 server 40 30')
    assert.equal(clockSkews(skewInput(model))[0]!.shift, -30_000)
    assert.match(traceWarnings(model)[0]!.message, /ahead of gateway/)
    assert.equal(startOf(withAlignedClocks(model), 'call'), 10)
  })

  it('are not blamed for asynchronous work, nor for a server that outlives a client that gave up', () => {
    const queued = calls('root - 0 producer 0 5', 'job root 1 consumer 40 30')
    assert.equal(clockShifts(skewInput(queued)), undefined)
    assert.equal(withAlignedClocks(queued), queued)
    const slow = calls('root - 0 client 0 50', 'call root 1 server 10 300')
    assert.equal(clockShifts(skewInput(slow)), undefined)
  })

  it('move a call that fits by chance as far as those that do not', () => {
    const model = calls(
      'root - 0 server 0 1000',
      'one root 0 client 100 20',
      'one.s one 1 server 50 10',
      'two root 0 client 200 400',
      'two.s two 1 server 230 20',
    )
    const shifts = clockShifts(skewInput(model))!
    assert.equal(shifts[model.ids.find(idOf('one.s'))!], shifts[model.ids.find(idOf('two.s'))!])
  })

  it('within one service are called early spans, and left alone', () => {
    const model = calls('root - 0 internal 10 9', 'child root 0 internal 3 2')
    assert.deepEqual(kinds(model), ['early'])
    assert.equal(withAlignedClocks(model), model)
  })

  it('agree again, with each call within its client, whatever a server was put out by', () => {
    const call = fc.record({
      wait: fc.integer({ min: 1, max: 500 }),
      there: fc.integer({ min: 1, max: 50 }),
      work: fc.integer({ min: 1, max: 500 }),
      back: fc.integer({ min: 1, max: 50 }),
    })
    fc.assert(
      fc.property(
        fc.array(call, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: -5000, max: 5000 }),
        (list, off) => {
          const lines: string[] = []
          let now = 10_000
          for (const [n, { wait, there, work, back }] of list.entries()) {
            now += wait
            lines.push(`c${n} root 0 client ${now} ${there + work + back}`)
            lines.push(`s${n} c${n} 1 server ${now + there + off} ${work}`)
            now += there + work + back
          }
          const model = calls(`root - 0 server 10000 ${now}`, ...lines)
          const aligned = withAlignedClocks(model)
          for (const n of list.keys()) {
            const gap = startOf(aligned, `s${n}`) - startOf(aligned, `c${n}`)
            const { there, back } = list[n]!
            assert.ok(gap >= -1e-3 && gap <= there + back + 1e-3, `${gap}`)
          }
          assert.ok(!traceWarnings(modelOfAligned(aligned)).some(({ kind }) => kind === 'skew'))
        },
      ),
    )
  })

  it('leave every trace whole: each span once, at a finite time, not before the origin', () => {
    fc.assert(
      fc.property(arbitraryTrace, (response) => {
        const model = modelOf(response)
        const { tree, times } = withAlignedClocks(model)
        assert.equal(new Set(tree.order).size, response.spans.length)
        for (const span of tree.order) {
          assert.ok(Number.isFinite(times.start[span]!) && times.start[span]! >= 0)
          assert.ok(times.start[span]! + times.duration[span]! <= times.length)
        }
      }),
    )
  })
})

/** As if the times had been reported so. */
function modelOfAligned({ shifts: _, ...model }: TraceModel): TraceModel {
  return model
}
