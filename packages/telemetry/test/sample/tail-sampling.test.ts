/** Tail sampling: what is kept and what is let go, whatever the order of ends, and within which memory. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import fc from 'fast-check'
import type { OtelConfigFields } from '../../src/config.ts'
import { describeLosses } from '../../src/export/losses.ts'
import type { ReceivedSpan } from '../support/decode.ts'
import { type Sampled, sampled } from '../support/sampled.ts'

/** Keeps nothing but errors and what is slow, by the clock of the spans. */
const strict = { tailSampling: true, tailSamplingRate: 0, tailSamplingSlowMs: 60_000 }
const tail = (fields: Partial<OtelConfigFields> = {}) => sampled({ ...strict, ...fields })
const names = (spans: readonly ReceivedSpan[]) => spans.map(({ name }) => name).sort()
const below = (span: Span) => trace.setSpan(ROOT_CONTEXT, span)
const fail = (span: Span) => span.setStatus({ code: SpanStatusCode.ERROR })
/** Below a span of another service. Ids spread evenly over all random values. */
const remote = (id: number, flags = 1) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: ((BigInt(id) * 0x9e37_79b9_7f4a_7c15n) & 0xff_ffff_ffff_ffffn).toString(16).padStart(32, '0'),
    spanId: '1'.repeat(16),
    traceFlags: flags,
    isRemote: true,
  })

function family(run: Sampled, name: string): { root: Span; child: Span; grandchild: Span } {
  const root = run.tracer.startSpan(name, { root: true })
  const child = run.tracer.startSpan(`${name}.child`, {}, below(root))
  const grandchild = run.tracer.startSpan(`${name}.grandchild`, {}, below(child))
  return { root, child, grandchild }
}

suite('is kept', () => {
  for (const failing of ['root', 'child', 'grandchild'] as const) {
    test(`the whole trace when its ${failing} has an error`, async () => {
      const run = tail()
      const spans = family(run, 'a')
      fail(spans[failing])
      for (const span of [spans.grandchild, spans.child, spans.root]) span.end()
      const other = family(run, 'b')
      for (const span of [other.grandchild, other.child, other.root]) span.end()
      const { spans: kept, ledger } = await run.finish()
      assert.deepEqual(names(kept), ['a', 'a.child', 'a.grandchild'])
      assert.equal(ledger.dropped.tail_sampled, 3)
    })
  }

  test('a slow trace, by the duration of its local root', async () => {
    const run = tail({ tailSamplingSlowMs: 1000 })
    for (const ms of [999, 1000]) {
      const root = run.tracer.startSpan(`${ms} ms`, { root: true, startTime: 1_700_000_000_000 })
      run.tracer.startSpan(`below ${ms} ms`, {}, below(root)).end()
      root.end(1_700_000_000_000 + ms)
    }
    assert.deepEqual(names((await run.finish()).spans), ['1000 ms', 'below 1000 ms'])
  })

  test('a share of the rest by trace id, the same in two processes', async () => {
    const kept: string[][] = []
    for (const process of [tail({ tailSamplingRate: 0.25 }), tail({ tailSamplingRate: 0.25 })]) {
      for (let id = 1; id <= 2000; id++) process.tracer.startSpan('request', {}, remote(id)).end()
      kept.push((await process.finish()).spans.map(({ traceId }) => traceId).sort())
    }
    assert.deepEqual(kept[0], kept[1])
    assert.ok(Math.abs(kept[0]!.length - 500) < 8 * Math.sqrt(2000 * 0.25 * 0.75), `${kept[0]!.length}`)
  })

  test('what an unsampled parent passes on, not at all', async () => {
    const run = tail({ tailSamplingRate: 1 })
    const span = run.tracer.startSpan('unsampled', {}, remote(7, 0))
    fail(span).end()
    assert.equal(span.isRecording(), false)
    const { ledger } = await run.finish()
    assert.equal(ledger.created, 0)
  })
})

suite('late spans', () => {
  test('follow the decision about their trace', async () => {
    const run = tail()
    const good = family(run, 'good')
    const bad = family(run, 'bad')
    good.root.end()
    fail(bad.root).end()
    for (const { child, grandchild } of [good, bad]) {
      child.end()
      grandchild.end()
    }
    const { spans, ledger } = await run.finish()
    assert.deepEqual(names(spans), ['bad', 'bad.child', 'bad.grandchild'])
    assert.equal(ledger.dropped.tail_sampled, 3)
  })

  test('with an error are kept though their trace was let go, and so is what follows them', async () => {
    const run = tail()
    const { root, child, grandchild } = family(run, 'a')
    root.end()
    fail(child).end()
    grandchild.end()
    assert.deepEqual(names((await run.finish()).spans), ['a.child', 'a.grandchild'])
  })

  test('of a trace that is long forgotten are decided for themselves', async () => {
    const run = tail()
    const { root, child, grandchild } = family(run, 'a')
    fail(root).end()
    for (let i = 0; i < 70_000; i++) run.tracer.startSpan('other', { root: true }).end()
    child.end()
    fail(grandchild).end()
    assert.deepEqual(names((await run.finish()).spans), ['a', 'a.grandchild'])
  })
})

suite('several local roots of a trace', () => {
  test('are decided together when they are open together', async () => {
    const run = tail()
    const first = run.tracer.startSpan('first', {}, remote(5))
    const second = run.tracer.startSpan('second', {}, remote(5))
    first.end()
    assert.equal(run.ledger().dropped.tail_sampled, 0, 'the second one is still open')
    fail(second).end()
    assert.deepEqual(names((await run.finish()).spans), ['first', 'second'])
  })

  test('one after the other: a later error is kept, and what was kept once stays so', async () => {
    const run = tail()
    run.tracer.startSpan('first', {}, remote(5)).end()
    fail(run.tracer.startSpan('second', {}, remote(5))).end()
    run.tracer.startSpan('third', {}, remote(5)).end()
    assert.deepEqual(names((await run.finish()).spans), ['second', 'third'])
  })
})

suite('a trace that does not end', () => {
  test('is decided at its deadline: kept, for by then it is slow', { timeout: 20_000 }, async () => {
    const run = tail({ tailSamplingMaxAgeMs: 100, tailSamplingSlowMs: 50 })
    const { child, grandchild } = family(run, 'a')
    grandchild.end()
    await decided(run)
    child.end()
    const { spans } = await run.finish()
    assert.deepEqual(names(spans), ['a.child', 'a.grandchild'])
    assert.equal(run.sampling.control.tail()?.decidedAtDeadline, 1)
  })

  test('and is not slow yet is decided by the rate', { timeout: 20_000 }, async () => {
    const run = tail({ tailSamplingMaxAgeMs: 100 })
    const { root, grandchild } = family(run, 'a')
    grandchild.end()
    await decided(run)
    fail(root).end()
    assert.deepEqual(names((await run.finish()).spans), ['a'], 'the error came after the decision')
  })

  test('is decided when tracing ends', async () => {
    const run = tail()
    const { child, grandchild } = family(run, 'a')
    fail(grandchild).end()
    child.end()
    assert.equal(run.ledger().queued, 2)
    assert.deepEqual(names((await run.finish()).spans), ['a.child', 'a.grandchild'])
  })
})

async function decided(run: Sampled): Promise<void> {
  while (run.sampling.control.tail()!.undecidedTraces > 0) await new Promise((done) => setTimeout(done, 10))
}

suite('memory', () => {
  const small = { tailSamplingBufferBytes: 65_536 }

  test('is bounded: the oldest trace is decided on what is known of it', async () => {
    const run = tail(small)
    const bad = family(run, 'bad')
    fail(bad.grandchild).end()
    const good = family(run, 'good')
    good.grandchild.end()
    const filler = run.tracer.startSpan('filler', { root: true })
    const pad = 'x'.repeat(1000)
    for (let i = 0; i < 200; i++) {
      run.tracer.startSpan('pad', { attributes: { pad } }, below(filler)).end()
      assert.ok(run.sampling.control.tail()!.bufferBytes <= 65_536)
    }
    const counts = run.sampling.control.tail()!
    assert.ok(counts.decidedForMemory >= 3, JSON.stringify(counts))
    fail(good.child).end()
    bad.child.end()
    filler.end()
    const { spans, ledger } = await run.finish()
    assert.deepEqual(names(spans), ['bad.child', 'bad.grandchild', 'good.child'])
    assert.equal(ledger.created, 205)
  })

  test('a span that is larger than all of it is decided with its trace, at once', async () => {
    const run = tail(small)
    const { root, child, grandchild } = family(run, 'a')
    fail(child).end()
    grandchild.setAttribute('huge', 'x'.repeat(100_000))
    grandchild.end()
    root.end()
    assert.deepEqual(names((await run.finish()).spans), ['a', 'a.child', 'a.grandchild'])
  })

  test('traces without a span yet are bounded, too', async () => {
    const run = tail(small)
    const roots = Array.from({ length: 1000 }, () => run.tracer.startSpan('open', { root: true }))
    assert.ok(run.sampling.control.tail()!.undecidedTraces <= 64)
    for (const root of roots) fail(root).end()
    assert.equal((await run.finish()).spans.length, 1000)
  })

  test('is given back when a burst is over', async () => {
    const run = tail({ tailSamplingBufferBytes: 16 * 1024 * 1024 })
    for (let round = 0; round < 3; round++) {
      const root = run.tracer.startSpan('root', { root: true })
      for (let i = 0; i < 300; i++) {
        run.tracer.startSpan('s', { attributes: { pad: 'x'.repeat(10_000) } }, below(root)).end()
      }
      assert.ok(run.sampling.control.tail()!.bufferBytes >= 3_000_000)
      root.end()
      assert.equal(run.sampling.control.tail()!.bufferBytes, 0)
    }
    assert.equal((await run.finish()).ledger.dropped.tail_sampled, 903)
  })
})

/** A program of several traces whose spans end in any order; large spans fill the buffer. */
const programs = fc.record({
  traces: fc.array(
    fc.record({
      spans: fc.integer({ min: 1, max: 12 }),
      roots: fc.integer({ min: 1, max: 3 }),
      failing: fc.option(fc.nat(11), { nil: undefined }),
      size: fc.constantFrom(0, 10, 700, 1020, 5000),
      scopes: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  order: fc.infiniteStream(fc.nat()),
  rate: fc.constantFrom(0, 0.5, 1),
  bytes: fc.constantFrom(65_536, 1_048_576),
})

test('no span is lost, doubled or changed, and none with an error is let go, whatever the order of ends', async () => {
  await fc.assert(
    fc.asyncProperty(programs, async ({ traces, order, rate, bytes }) => {
      const run = tail({ tailSamplingRate: rate, tailSamplingBufferBytes: bytes })
      const open: { span: Span; name: string; trace: number; failed: boolean }[] = []
      for (const [index, { spans, roots, failing, size, scopes }] of traces.entries()) {
        const started: Span[] = []
        for (let i = 0; i < spans; i++) {
          const name = `${index}.${i}`
          const tracer = run.provider.getTracer(`scope ${i % scopes}`)
          const from = i < roots ? remote(index + 1) : below(started[(i * 7) % started.length]!)
          const span = tracer.startSpan(name, { attributes: { name, pad: 'ä'.repeat(size) } }, from)
          started.push(span)
          const failed = i === failing
          if (failed) fail(span)
          open.push({ span, name, trace: index, failed })
        }
      }
      const all = [...open]
      const stream = order[Symbol.iterator]()
      while (open.length > 0) {
        const [{ span }] = open.splice(stream.next().value! % open.length, 1) as [(typeof open)[0]]
        span.end()
        assert.ok(run.sampling.control.tail()!.bufferBytes <= bytes)
      }
      const { spans, ledger } = await run.finish()
      assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length)
      assert.equal(ledger.created, all.length)
      assert.equal(spans.length + ledger.dropped.tail_sampled, all.length)
      const arrived = new Map(spans.map((span) => [span.name, span]))
      for (const { name, failed, trace: index } of all) {
        const span = arrived.get(name)
        if (failed) assert.ok(span, `${name} has an error`)
        if (span === undefined) continue
        const { size, scopes } = traces[index]!
        assert.deepEqual(span.attributes, { name, pad: 'ä'.repeat(size) })
        assert.equal(span.scope.name, `scope ${Number(name.split('.')[1]) % scopes}`)
      }
      if (bytes < 1_000_000) return
      // With memory enough, a trace without an error and not within the rate leaves nothing, and one within it everything.
      for (const [index, { spans: count, failing, roots }] of traces.entries()) {
        const here = all.filter(({ trace: of }) => of === index)
        const kept = here.filter(({ name }) => arrived.has(name)).length
        if (failing !== undefined && failing < count) assert.ok(kept > 0)
        else assert.ok(kept === 0 || kept === count, `${kept} of ${count}, ${roots} roots`)
      }
    }),
    { numRuns: 150 },
  )
})

test('what is let go on purpose is no loss that is warned of', async () => {
  const run = tail()
  for (const span of Object.values(family(run, 'a')).reverse()) span.end()
  const { ledger } = await run.finish()
  assert.equal(ledger.dropped.tail_sampled, 3)
  assert.equal(describeLosses(ledger), undefined)
})
