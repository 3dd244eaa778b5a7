/** Rates and budgets of tenants: who gets what, whoever else is there, and that it can be changed while it runs. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import fc from 'fast-check'
import type { OtelConfigFields } from '../../src/config.ts'
import { StorageContextManager } from '../../src/context/context-manager.ts'
import { correlate } from '../../src/correlate.ts'
import { OtelError } from '../../src/errors.ts'
import type { SamplingChanges } from '../../src/sample/sampling.ts'
import { Tenants } from '../../src/sample/tail/tenants.ts'
import type { ReceivedSpan } from '../support/decode.ts'
import { type Sampled, sampled } from '../support/sampled.ts'

context.setGlobalContextManager(new StorageContextManager())

interface TraceOptions {
  /** Spans of the trace. */
  readonly spans?: number
  readonly failed?: boolean
  /** Whether the tenant is known when the request starts, and not only once it is authenticated. */
  readonly early?: boolean
}

/** A request of a tenant: a server span, and spans below it. */
function request(run: Sampled, tenantId: string | undefined, options: TraceOptions = {}): void {
  const { spans = 1, failed = false, early = false } = options
  const start = (work: () => void) => (tenantId === undefined ? work() : correlate({ tenantId }, work))
  const serve = (inside: (work: () => void) => void) =>
    run.tracer.startActiveSpan(tenantId ?? 'nobody', { root: true }, (root) => {
      inside(() => {
        for (let i = 1; i < spans; i++) run.tracer.startSpan(tenantId ?? 'nobody').end()
      })
      if (failed) root.setStatus({ code: 2 })
      root.end()
    })
  if (early) start(() => serve((work) => work()))
  else serve(start)
}

const countOf = (spans: readonly ReceivedSpan[]) => {
  const counts: Record<string, number> = {}
  for (const { name } of spans) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
/** What a bucket of `rate` a second can have given in the time since it was full, beyond what it held. */
const refill = (rate: number, since: number) => Math.ceil(((performance.now() - since) / 1000) * rate)

const keptOf = (run: Sampled, tenant: string) =>
  run.sampling.control.tenants().find(({ tenantId }) => tenantId === tenant)?.kept ?? 0

suite('a budget', () => {
  const fields = { tenantBudget: 10, tenantBurstSeconds: 10 }

  test('bounds a noisy tenant, and leaves the others what is theirs', async () => {
    const run = sampled(fields)
    const began = performance.now()
    for (let i = 0; i < 5000; i++) {
      request(run, 'noisy')
      if (i % 100 === 0) request(run, 'quiet')
      if (i % 250 === 0) request(run, undefined)
    }
    const most = 100 + refill(10, began)
    const { spans, ledger } = await run.finish()
    const { noisy, quiet, nobody } = countOf(spans)
    assert.ok(noisy! >= 100 && noisy! <= most, `${noisy} of at most ${most}`)
    assert.deepEqual([quiet, nobody], [50, 20])
    assert.equal(ledger.dropped.tenant_budget, 5000 - noisy!)
    assert.deepEqual(
      run.sampling.control.tenants().find(({ tenantId }) => tenantId === 'noisy'),
      { tenantId: 'noisy', kept: noisy, sampledOut: 0, overBudget: 5000 - noisy! },
    )
  })

  test('lets a trace through whole or not at all, a large one on credit', async () => {
    const run = sampled(fields)
    const began = performance.now()
    for (let i = 0; i < 50; i++) request(run, 'acme', { spans: 30 })
    const { spans } = await run.finish()
    const byTrace = Map.groupBy(spans, ({ traceId }) => traceId)
    assert.ok([...byTrace.values()].every((one) => one.length === 30))
    const most = Math.ceil((100 + refill(10, began)) / 30)
    assert.ok(byTrace.size >= 4 && byTrace.size <= most, `${byTrace.size} of at most ${most}`)
  })

  test('of its own is a tenant’s instead of the one for all; infinity is none', async () => {
    const tenantBudgets = { big: 100, none: 0, free: Number.POSITIVE_INFINITY }
    const run = sampled({ ...fields, tenantBudgets })
    for (let i = 0; i < 900; i++) for (const tenant of ['big', 'none', 'free']) request(run, tenant)
    assert.deepEqual(countOf((await run.finish()).spans), { big: 900, free: 900 })
  })

  test('is used by errors as well: they may go on for another burst, then they end, too', async () => {
    const run = sampled({ ...fields, tailSampling: true, tailSamplingRate: 1 })
    const began = performance.now()
    for (let i = 0; i < 150; i++) request(run, 'acme')
    for (let i = 0; i < 1000; i++) request(run, 'acme', { failed: true })
    for (let i = 0; i < 150; i++) request(run, 'other', { failed: i % 2 === 0 })
    const most = 200 + refill(10, began)
    const { spans } = await run.finish()
    const ofAcme = spans.filter(({ name }) => name === 'acme')
    const failed = ofAcme.filter(({ status }) => status.code === 2).length
    assert.ok(failed >= 99 && ofAcme.length <= most, `${failed} errors of ${ofAcme.length} spans`)
    assert.equal(spans.filter(({ name, status }) => name === 'other' && status.code === 2).length, 75)
  })

  test('that was short makes the probability unknown, until it is full again', async () => {
    // Full again after a minute; some is there again after a tenth of a second.
    const run = sampled({
      samplingRate: 0.5,
      tenantBudget: 20,
      tenantBurstSeconds: 60,
      tenantBudgets: { rich: 1e9 },
    })
    for (let i = 0; i < 4000; i++) for (const tenant of ['poor', 'rich']) request(run, tenant)
    const before = keptOf(run, 'poor')
    while (keptOf(run, 'poor') < before + 2) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (let i = 0; i < 20; i++) request(run, 'poor')
    }
    const { spans } = await run.finish()
    assert.ok(spans.filter(({ name }) => name === 'rich').every(({ traceState }) => traceState === 'ot=th:8'))
    const poor = spans.filter(({ name }) => name === 'poor').map(({ traceState }) => traceState)
    const short = poor.indexOf('')
    assert.ok(short >= 1200, `${short}`)
    assert.deepEqual(new Set(poor.slice(0, short)), new Set(['ot=th:8']))
    assert.deepEqual(new Set(poor.slice(short)), new Set(['']))
  })

  test('holds for any mix of tenants and traces', async () => {
    const mix = fc.array(
      fc.record({
        tenant: fc.constantFrom('a', 'b', 'c', undefined),
        spans: fc.integer({ min: 1, max: 40 }),
      }),
      { minLength: 1, maxLength: 120 },
    )
    await fc.assert(
      fc.asyncProperty(mix, async (traces) => {
        const run = sampled(fields)
        const began = performance.now()
        for (const { tenant, spans } of traces) request(run, tenant, { spans })
        const { spans, ledger } = await run.finish()
        assert.equal(spans.length + ledger.dropped.tenant_budget, ledger.created)
        for (const tenant of ['a', 'b', 'c', undefined]) {
          const sizes = traces.filter((one) => one.tenant === tenant).map((one) => one.spans)
          const asked = sizes.reduce((sum, size) => sum + size, 0)
          const got = spans.filter(({ name }) => name === (tenant ?? 'nobody')).length
          if (asked <= 100) assert.equal(got, asked, 'within its budget, whatever the others do')
          else assert.ok(got >= 100 && got < 100 + refill(10, began) + 40, `${got} of ${asked}`)
        }
      }),
      { numRuns: 60 },
    )
  })
})

suite('a rate', () => {
  const fields = { tenantRates: { small: 0.25, none: 0 } }
  const about = (count: number | undefined, expected: number, of: number) => {
    const deviation = Math.sqrt((expected * (of - expected)) / of)
    assert.ok(Math.abs((count ?? 0) - expected) < 8 * deviation, `${count} of ${of}`)
  }

  for (const early of [true, false]) {
    const when = early ? 'when it starts' : 'only while it runs'
    test(`is its tenant's share of traces, of one that is known ${when}`, async () => {
      const run = sampled(fields)
      for (let i = 0; i < 1000; i++) {
        for (const tenant of ['small', 'none', 'other']) request(run, tenant, { spans: 2, early })
      }
      const { spans, ledger } = await run.finish()
      const { small, none, other } = countOf(spans)
      assert.equal(other, 2000)
      assert.equal(none, undefined)
      about(small! / 2, 250, 1000)
      const said = new Set(spans.map(({ name, traceState }) => `${name} ${traceState}`))
      assert.deepEqual(said, new Set(['small ot=th:c', 'other ot=th:0']))
      assert.equal(ledger.created, early ? spans.length : 6000, 'known early, it costs nothing')
    })
  }

  test('known at the start is passed on to the services behind', () => {
    const run = sampled({ tenantRates: { none: 0, half: 0.5 } })
    correlate({ tenantId: 'none' }, () => {
      assert.equal(run.tracer.startSpan('s').spanContext().traceFlags & 1, 0)
    })
    correlate({ tenantId: 'half' }, () => {
      const states = Array.from({ length: 50 }, () => run.tracer.startSpan('s').spanContext())
      const kept = states.filter(({ traceFlags }) => (traceFlags & 1) === 1)
      assert.ok(kept.length > 0 && kept.length < 50)
      assert.ok(kept.every(({ traceState }) => traceState?.serialize() === 'ot=th:8'))
    })
    run.sampling.close()
  })

  test('does not break a trace that another service has begun and decided about', async () => {
    const run = sampled({ tenantRates: { half: 0.5 } })
    for (const [digit, kept] of [
      ['f', 1],
      ['0', 0],
    ] as const) {
      const parent = trace.setSpanContext(ROOT_CONTEXT, {
        traceId: `${'1'.repeat(18)}${digit.repeat(14)}`,
        spanId: '1'.repeat(16),
        traceFlags: 1,
        isRemote: true,
      })
      for (let i = 0; i < 3; i++) {
        context.with(parent, () =>
          correlate({ tenantId: 'half' }, () => {
            const span = run.tracer.startSpan(digit)
            assert.equal(span.spanContext().traceFlags & 1, 1)
            span.end()
          }),
        )
      }
      assert.equal(
        run.ledger().created - run.ledger().dropped.tail_sampled,
        kept * 3 + (digit === '0' ? 3 : 0),
      )
    }
    assert.deepEqual(countOf((await run.finish()).spans), { f: 3 })
  })

  test('lets errors and slow traces through with tail sampling', async () => {
    const run = sampled({ ...fields, tailSampling: true, tailSamplingRate: 0.5, tailSamplingSlowMs: 60_000 })
    for (let i = 0; i < 1000; i++) {
      request(run, 'none', { failed: i % 10 === 0, early: true })
      request(run, 'small')
      request(run, 'other')
    }
    const counts = countOf((await run.finish()).spans)
    assert.equal(counts.none, 100)
    about(counts.small, 250, 1000)
    about(counts.other, 500, 1000)
  })
})

suite('tenants', () => {
  const fields = { tenantRates: {}, tenantBudget: 1, tenantBudgets: {}, tenantBurstSeconds: 10 }

  test('are bounded in number: the ones that were not seen for long are forgotten', () => {
    const tenants = new Tenants(fields, 10)
    tenants.of('first').kept = 5
    for (let i = 0; i < 9; i++) tenants.of(`${i}`)
    assert.equal(tenants.of('first').kept, 5)
    for (let i = 0; i < 1000; i++) {
      tenants.of(`other ${i}`)
      assert.equal(tenants.of('first').kept, 5, 'who is active stays')
      assert.ok(tenants.usage().length <= 20)
    }
    for (let i = 0; i < 30; i++) tenants.of(`third ${i}`)
    assert.equal(tenants.of('first').kept, 0)
  })

  test('may have any name', async () => {
    const names = ['__proto__', 'constructor', 'toString', '', 'x'.repeat(10_000), 'ä€😀']
    const run = sampled({ tenantBudget: 10, tenantRates: { constructor: 0 } })
    for (const name of names) request(run, name)
    const { spans } = await run.finish()
    assert.deepEqual(
      new Set(spans.map(({ name }) => name)),
      new Set(names.filter((name) => name !== 'constructor')),
    )
  })
})

suite('an update', () => {
  const base: Partial<OtelConfigFields> = {
    tailSampling: true,
    tailSamplingRate: 0,
    tailSamplingSlowMs: 60_000,
  }
  const keeps = async (run: Sampled) => (await run.finish()).spans.length

  test('holds from the next decision on', async () => {
    const run = sampled({ ...base, tenantBudget: 10 })
    request(run, 'acme')
    run.sampling.control.update({ tailSamplingRate: 1 })
    request(run, 'acme')
    run.sampling.control.update({ tenantRates: { acme: 0 } })
    request(run, 'acme')
    run.sampling.control.update({ tenantRates: {}, tenantBudgets: { acme: 0 } })
    request(run, 'acme')
    run.sampling.control.update({ tenantBudgets: {}, tenantBudget: 100 })
    request(run, 'acme')
    assert.equal(await keeps(run), 2)
  })

  test('of the slow threshold and of the rate at the head', async () => {
    const run = sampled({ ...base })
    const one = (ms: number) => run.tracer.startSpan('s', { root: true, startTime: 1e12 }).end(1e12 + ms)
    one(500)
    run.sampling.control.update({ tailSamplingSlowMs: 400 })
    one(500)
    run.sampling.control.update({ samplingRate: 0 })
    one(500)
    run.sampling.control.update({
      samplingRate: 1,
      tailSamplingSlowMs: undefined,
    } as unknown as SamplingChanges)
    one(500)
    assert.equal(await keeps(run), 2)
  })

  const bad: [changes: object, message: RegExp][] = [
    [{ tailSamplingRate: 2 }, /tailSamplingRate must be from 0 to 1, not 2/],
    [{ tailSamplingRate: '0.5' }, /tailSamplingRate must be a number, not "0.5"/],
    [{ samplingRate: Number.NaN }, /samplingRate must be from 0 to 1, not NaN/],
    [{ tailSamplingSlowMs: -1 }, /tailSamplingSlowMs must be from 0/],
    [{ tenantRates: { acme: 7 } }, /tenantRates of 'acme' must be from 0 to 1, not 7/],
    [{ tenantRates: null }, /tenantRates must be an object/],
    [{ tenantBudget: -5 }, /tenantBudget must be at least 0, not -5/],
    [{ tenantBudgets: { acme: '5' } }, /tenantBudgets of 'acme' must be a number, not "5"/],
    [{ tenantBurstSeconds: 0 }, /tenantBurstSeconds must be from 1/],
    [{ tailSampling: false }, /tailSampling cannot be changed while tracing runs/],
    [{ rate: 0.5 }, /rate cannot be changed/],
  ]
  for (const [changes, message] of bad) {
    test(`of ${JSON.stringify(changes)} is refused, and nothing is changed`, async () => {
      const run = sampled(base)
      assert.throws(
        () => run.sampling.control.update({ tailSamplingRate: 1, ...changes }),
        (error) =>
          error instanceof OtelError && error.code === 'INVALID_CONFIG' && message.test(error.message),
      )
      request(run, 'acme')
      assert.equal(await keeps(run), 0)
    })
  }

  test('of what was not configured at the start is refused', () => {
    const run = sampled()
    assert.throws(() => run.sampling.control.update({ tenantBudget: 5 }), /neither tail sampling nor/)
    run.sampling.control.update({ samplingRate: 0 })
    assert.equal(run.tracer.startSpan('s', { root: true }).isRecording(), false)
    assert.deepEqual(run.sampling.control.tenants(), [])
    assert.equal(run.sampling.control.tail(), undefined)
  })
})
