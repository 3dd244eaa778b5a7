/** B3 where the official propagator and the specification of Zipkin differ, and states that need a sampler to see. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api'
import type { OtelConfigFields } from '../../src/config.ts'
import { OtelConfig } from '../../src/config.ts'
import { initTracing } from '../../src/tracing.ts'

const traceId = '463ac35c9f6413ad48485a3953bb6124'
const spanId = 'a2fb4a1d1a96d312'

interface Continued {
  readonly recording: boolean
  readonly traceId: string | undefined
  readonly sent: Record<string, string>
}

/** A span that continues what the headers say, and the headers that it sends on. */
async function through(
  headers: Record<string, string>,
  fields: Partial<OtelConfigFields> = {},
): Promise<Continued> {
  const tracing = await initTracing(
    new OtelConfig({ logLevel: 'none', propagators: ['b3'], shutdownTimeout: 0, ...fields }),
  )
  try {
    const from = propagation.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
    return context.with(from, () =>
      trace.getTracer('b3').startActiveSpan('s', (span) => {
        const sent: Record<string, string> = {}
        propagation.inject(context.active(), sent, defaultTextMapSetter)
        return { recording: span.isRecording(), traceId: span.spanContext().traceId, sent }
      }),
    )
  } finally {
    await tracing.shutdown()
  }
}
const decision = ({ sent }: Continued) => sent.b3?.split('-')[2]
const never = { samplingRate: 0 }

suite('b3', () => {
  test('0 alone records nothing, whatever our own sampler thinks, and says so to whoever is called', async () => {
    const denied = await through({ b3: '0' })
    assert.equal(denied.recording, false)
    assert.match(denied.sent.b3!, /^[0-9a-f]{32}-[0-9a-f]{16}-0$/)
    const multi = await through({ 'x-b3-sampled': '0' }, { propagators: ['b3multi'] })
    assert.deepEqual([multi.recording, multi.sent['x-b3-sampled']], [false, '0'])
  })

  test('1 or d alone begins a trace that is recorded', async () => {
    for (const b3 of ['1', 'd']) {
      const accepted = await through({ b3 }, never)
      assert.equal(accepted.recording, true)
      assert.equal(decision(accepted), b3)
    }
  })

  test('each request that is decided without ids has a trace of its own', async () => {
    assert.notEqual((await through({ b3: '0' })).traceId, (await through({ b3: '0' })).traceId)
  })

  test('without a decision our own sampler decides, in the trace of the caller', async () => {
    for (const headers of [
      { b3: `${traceId}-${spanId}` },
      { 'x-b3-traceid': traceId, 'x-b3-spanid': spanId },
    ]) {
      const kept = await through(headers as Record<string, string>)
      assert.deepEqual([kept.recording, kept.traceId, decision(kept)], [true, traceId, '1'])
      const dropped = await through(headers as Record<string, string>, never)
      assert.deepEqual([dropped.recording, dropped.traceId, decision(dropped)], [false, traceId, '0'])
    }
  })

  test('a decision that is missing stays so where nothing is recorded', async () => {
    const passed = await through({ b3: `${traceId}-${spanId}` }, { enabled: false })
    assert.equal(passed.sent.b3, `${traceId}-${spanId}`)
  })

  test('debug is recorded and travels on, in either form', async () => {
    const single = await through({ b3: `${traceId}-${spanId}-d` }, never)
    assert.deepEqual([single.recording, decision(single)], [true, 'd'])
    const multi = await through(
      { 'x-b3-traceid': traceId, 'x-b3-spanid': spanId, 'x-b3-flags': '1' },
      { ...never, propagators: ['b3multi'] },
    )
    assert.equal(multi.recording, true)
    assert.equal(multi.sent['x-b3-flags'], '1')
    assert.equal(multi.sent['x-b3-sampled'], undefined)
  })

  test('the single header wins; where it is invalid the others are read', async () => {
    const others = { 'x-b3-traceid': 'f'.repeat(32), 'x-b3-spanid': spanId, 'x-b3-sampled': '1' }
    assert.equal((await through({ ...others, b3: `${traceId}-${spanId}-1` })).traceId, traceId)
    assert.equal((await through({ ...others, b3: `${traceId}-nonsense` })).traceId, 'f'.repeat(32))
  })

  test('64-bit trace ids are padded, ids of upper case are the same ids', async () => {
    const low = traceId.slice(16)
    const { traceId: padded } = await through({ b3: `${low.toUpperCase()}-${spanId}-1` })
    assert.equal(padded, `${'0'.repeat(16)}${low}`)
  })

  test('text around a valid header makes it invalid', async () => {
    for (const b3 of [
      `x${traceId}-${spanId}-1`,
      `${traceId}-${spanId}-1x`,
      `${traceId}-${spanId}-2`,
      `${traceId}`,
    ]) {
      assert.notEqual((await through({ b3 })).traceId, traceId, b3)
    }
  })
})

suite('several propagators', () => {
  test('all write, what is named twice once, and the last that finds something is believed', async () => {
    const propagators = ['tracecontext', 'b3', 'b3multi', 'jaeger', 'b3'] as const
    const headers = { traceparent: `00-${'a'.repeat(32)}-${spanId}-01`, b3: `${traceId}-${spanId}-1` }
    const both = await through(headers, { propagators })
    assert.equal(both.traceId, traceId)
    const names = ['b3', 'traceparent', 'uber-trace-id', 'x-b3-sampled', 'x-b3-spanid', 'x-b3-traceid']
    assert.deepEqual(Object.keys(both.sent).sort(), names)
    const only = await through({ traceparent: headers.traceparent }, { propagators })
    assert.equal(only.traceId, 'a'.repeat(32))
  })

  test('a tracestate does not go over to another trace', async () => {
    const { sent, traceId: continued } = await through(
      {
        traceparent: `00-${'a'.repeat(32)}-${spanId}-01`,
        tracestate: 'vendor=1',
        'x-amzn-trace-id': `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=1`,
      },
      { propagators: ['tracecontext', 'xray'] },
    )
    assert.equal(continued, traceId)
    assert.equal(sent.tracestate, undefined)
  })

  test('none reads nothing and writes nothing', async () => {
    const { traceId: own, sent } = await through(
      { traceparent: `00-${traceId}-${spanId}-01` },
      { propagators: [] },
    )
    assert.notEqual(own, traceId)
    assert.deepEqual(sent, {})
  })
})

suite('xray and jaeger', () => {
  const root = `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId}`

  test('X-Ray asks for a decision by ? or by saying nothing', async () => {
    for (const header of [root, `${root};Sampled=?`]) {
      const kept = await through({ 'x-amzn-trace-id': header }, { propagators: ['xray'] })
      assert.deepEqual([kept.recording, kept.traceId], [true, traceId])
      const dropped = await through({ 'x-amzn-trace-id': header }, { propagators: ['xray'], ...never })
      assert.deepEqual([dropped.recording, dropped.traceId], [false, traceId])
    }
  })

  test('Jaeger gets no debug flag from our random one', async () => {
    const { sent } = await through({}, { propagators: ['jaeger'] })
    assert.match(sent['uber-trace-id']!, /^[0-9a-f]{32}:[0-9a-f]{16}:0:01$/)
  })

  test('short ids and flags of Jaeger are read', async () => {
    const { traceId: padded, recording } = await through(
      { 'uber-trace-id': '1f:2:0:1' },
      { propagators: ['jaeger'], ...never },
    )
    assert.deepEqual([padded, recording], ['1f'.padStart(32, '0'), true])
    const unsampled = await through({ 'uber-trace-id': '1f:2:0:0' }, { propagators: ['jaeger'] })
    assert.equal(unsampled.recording, false)
  })
})
