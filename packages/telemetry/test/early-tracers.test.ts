/** Tracers that a module holds for ever record whenever tracing is on, whenever they were asked for and by whichever copy of the API. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { suite, test } from 'node:test'
import { trace } from '@opentelemetry/api'
import { initTracing, OtelConfig } from '../src/index.ts'
import { traced } from './support/traced.ts'

/** The copy of the API that CommonJS modules get. */
const required: { readonly trace: typeof trace } = createRequire(import.meta.url)('@opentelemetry/api')

/** Asked for before anything was started, as modules do. */
const early = trace.getTracer('early')
const earlyUnused = trace.getTracer('early-unused')
const earlyRequired = required.trace.getTracer('early-required')
const earlyRequiredUnused = required.trace.getTracer('early-required-unused')

/** The names of what arrives when every tracer makes a span. */
async function scopesOf(tracers: readonly ReturnType<typeof trace.getTracer>[]): Promise<readonly string[]> {
  const { spans, ledger } = await traced(() => {
    for (const tracer of tracers) tracer.startSpan('s').end()
  })
  assert.equal(ledger.created, tracers.length)
  return spans.map(({ scope }) => scope.name).sort()
}

suite('tracers got early', () => {
  test('these are two copies of the API', () => assert.notEqual(required.trace, trace))

  test('before the first start, by import and by require', async () => {
    assert.equal(early.startSpan('s').isRecording(), false)
    assert.equal(earlyRequired.startSpan('s').isRecording(), false)
    assert.deepEqual(await scopesOf([early, earlyRequired]), ['early', 'early-required'])
  })

  test('kept over a shutdown and a second start', async () => {
    assert.deepEqual(await scopesOf([early, earlyRequired]), ['early', 'early-required'])
  })

  test('used for the first time after a second start', async () => {
    const tracers = [earlyUnused, earlyRequiredUnused]
    assert.deepEqual(await scopesOf(tracers), ['early-required-unused', 'early-unused'])
  })

  test('got while tracing was on, kept over a shutdown', async () => {
    let kept = early
    await traced(() => {
      kept = trace.getTracer('kept', '1.2.3')
    })
    assert.deepEqual(await scopesOf([kept, trace.getTracer('between')]), ['between', 'kept'])
  })

  test('a tracer has one scope in a request, however it was come by', async () => {
    const { requests, spans } = await traced(() => {
      early.startSpan('s').end()
      trace.getTracer('early').startSpan('s').end()
    })
    assert.equal(requests.length, 1)
    assert.equal(spans.length, 2)
  })

  test('follow a second configuration: nothing is recorded when it is off, all when it is on again', async () => {
    const off = await initTracing(new OtelConfig({ enabled: false, logLevel: 'none' }))
    assert.equal(early.startSpan('s').isRecording(), false)
    await off.shutdown()
    const { spans } = await traced(() => early.startSpan('s').end(), { config: { samplingRate: 1 } })
    assert.equal(spans.length, 1)
    const none = await traced(() => early.startSpan('s').end(), { config: { samplingRate: 0 } })
    assert.equal(none.spans.length, 0)
  })
})
