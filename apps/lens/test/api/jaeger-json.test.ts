/** The translation of OTLP to Jaeger's JSON, against expectations written by hand from Jaeger's own. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyValueList } from '@rustok/otlp'
import { jaegerTrace } from '../../src/api/jaeger/json.ts'
import type { StoredSpan } from '../../src/store/stored-span.ts'
import { attributes } from '../support/spans.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const resource = { attributes: attributes({ 'service.name': 'shop' }), droppedAttributes: 0, schemaUrl: '' }
const scope = { name: '', version: '', attributes: [], droppedAttributes: 0, schemaUrl: '' }

function stored(fields: Partial<StoredSpan> = {}): StoredSpan {
  return {
    traceId,
    spanId: 'b7ad6b7169203331',
    parentSpanId: '',
    traceState: '',
    flags: 1,
    name: 'GET /',
    kind: 0,
    startUnixNano: 1_700_000_000_123_456_789n,
    durationNano: 1_500_999n,
    status: 0,
    statusMessage: '',
    tenant: '',
    user: '',
    service: 'shop',
    resource,
    scope,
    attributes: [],
    events: [],
    links: [],
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
    ...fields,
  }
}

function translated(fields: Partial<StoredSpan>, raw = false) {
  const span = jaegerTrace(traceId, [stored(fields)], raw).spans[0]
  assert.ok(span !== undefined)
  return span
}

test('translates the smallest span', () => {
  assert.deepEqual(jaegerTrace(traceId, [stored()], false), {
    traceID: traceId,
    spans: [
      {
        traceID: traceId,
        spanID: 'b7ad6b7169203331',
        operationName: 'GET /',
        references: [],
        startTime: 1_700_000_000_123_456,
        duration: 1500,
        tags: [],
        logs: [],
        processID: 'p1',
        warnings: null,
      },
    ],
    processes: { p1: { serviceName: 'shop', tags: [] } },
    warnings: null,
  })
})

test('puts tags in Jaeger’s order, attributes sorted by key', () => {
  const { tags } = translated({
    scope: { ...scope, name: 'lib', version: '1.2' },
    attributes: attributes({ zebra: 'z', apple: 1n }),
    kind: 2,
    status: 2,
    statusMessage: 'boom',
    traceState: 'vendor=1',
  })
  assert.deepEqual(tags, [
    { key: 'otel.scope.name', type: 'string', value: 'lib' },
    { key: 'otel.scope.version', type: 'string', value: '1.2' },
    { key: 'apple', type: 'int64', value: 1 },
    { key: 'zebra', type: 'string', value: 'z' },
    { key: 'span.kind', type: 'string', value: 'server' },
    { key: 'otel.status_code', type: 'string', value: 'ERROR' },
    { key: 'error', type: 'bool', value: true },
    { key: 'otel.status_description', type: 'string', value: 'boom' },
    { key: 'w3c.tracestate', type: 'string', value: 'vendor=1' },
  ])
})

test('leaves attributes as they were sent when raw', () => {
  const { tags } = translated({ attributes: attributes({ zebra: 'z', apple: 1n }) }, true)
  assert.deepEqual(
    tags.map(({ key }) => key),
    ['zebra', 'apple'],
  )
})

test('names every kind and the status of a span that went well', () => {
  const kinds = [1, 2, 3, 4, 5].map((kind) => translated({ kind }).tags[0]?.value)
  assert.deepEqual(kinds, ['internal', 'server', 'client', 'producer', 'consumer'])
  assert.deepEqual(translated({ status: 1 }).tags, [{ key: 'otel.status_code', type: 'string', value: 'OK' }])
})

test('translates every type of value', () => {
  const { tags } = translated(
    {
      attributes: attributes({
        text: 'x',
        yes: true,
        small: 42n,
        safe: 2n ** 53n - 1n,
        unsafe: 2n ** 53n,
        negative: -(2n ** 53n),
        ratio: 0.5,
        nan: Number.NaN,
        bytes: new Uint8Array([1, 2, 255]),
        list: ['a', 1n, 2.5, false, new Uint8Array([1])],
        map: new KeyValueList([
          { key: 'b', value: 9_007_199_254_740_993n },
          { key: 'a', value: [undefined] },
        ]),
        nothing: undefined,
      }),
    },
    true,
  )
  assert.deepEqual(tags, [
    { key: 'text', type: 'string', value: 'x' },
    { key: 'yes', type: 'bool', value: true },
    { key: 'small', type: 'int64', value: 42 },
    { key: 'safe', type: 'int64', value: 9_007_199_254_740_991 },
    { key: 'unsafe', type: 'int64', value: '9007199254740992' },
    { key: 'negative', type: 'int64', value: '-9007199254740992' },
    { key: 'ratio', type: 'float64', value: 0.5 },
    { key: 'nan', type: 'float64', value: 'NaN' },
    { key: 'bytes', type: 'binary', value: 'AQL/' },
    { key: 'list', type: 'string', value: '["a",1,2.5,false,"AQ=="]' },
    { key: 'map', type: 'string', value: '{"a":[null],"b":9007199254740993}' },
    { key: 'nothing', type: 'string', value: '' },
  ])
})

test('refers to the parent first, then to links, and not twice to the parent', () => {
  const link = { flags: 0, traceState: '', attributes: [], droppedAttributes: 0 }
  const other = '4bf92f3577b34da6a3ce929d0e0e4736'
  const { references } = translated({
    parentSpanId: '00f067aa0ba902b7',
    links: [
      { ...link, traceId: other, spanId: '1111111111111111' },
      { ...link, traceId, spanId: '00f067aa0ba902b7' },
      {
        ...link,
        traceId: `0000000000000000${'a'.repeat(16)}`,
        spanId: '2222222222222222',
        attributes: attributes({ 'opentracing.ref_type': 'child_of' }),
      },
    ],
  })
  assert.deepEqual(references, [
    { refType: 'CHILD_OF', traceID: traceId, spanID: '00f067aa0ba902b7' },
    { refType: 'FOLLOWS_FROM', traceID: other, spanID: '1111111111111111' },
    { refType: 'CHILD_OF', traceID: 'a'.repeat(16), spanID: '2222222222222222' },
  ])
})

test('turns events into logs, their name a field unless an attribute has its place', () => {
  const event = { timeUnixNano: 1_700_000_000_000_001_999n, name: 'exception', droppedAttributes: 0 }
  const { logs } = translated({
    events: [
      { ...event, attributes: attributes({ zone: 'z', 'exception.type': 'TypeError' }) },
      { ...event, attributes: attributes({ event: 'own' }) },
      { ...event, name: '', attributes: [] },
    ],
  })
  assert.deepEqual(logs, [
    {
      timestamp: 1_700_000_000_000_001,
      fields: [
        { key: 'event', type: 'string', value: 'exception' },
        { key: 'exception.type', type: 'string', value: 'TypeError' },
        { key: 'zone', type: 'string', value: 'z' },
      ],
    },
    { timestamp: 1_700_000_000_000_001, fields: [{ key: 'event', type: 'string', value: 'own' }] },
    { timestamp: 1_700_000_000_000_001, fields: [] },
  ])
})

test('numbers processes in the order of their first sight, one for equal resources', () => {
  const other = {
    ...resource,
    attributes: attributes({ 'service.name': 'db', 'host.name': 'h', 'cloud.region': 'eu' }),
  }
  const { processes, spans } = jaegerTrace(
    traceId,
    [
      stored({ service: 'db', resource: other }),
      stored(),
      stored({ service: 'db', resource: { ...other } }),
      stored({ resource: { ...resource } }),
    ],
    false,
  )
  assert.deepEqual(
    spans.map(({ processID }) => processID),
    ['p1', 'p2', 'p1', 'p2'],
  )
  assert.deepEqual(processes, {
    p1: {
      serviceName: 'db',
      tags: [
        { key: 'cloud.region', type: 'string', value: 'eu' },
        { key: 'host.name', type: 'string', value: 'h' },
      ],
    },
    p2: { serviceName: 'shop', tags: [] },
  })
})

test('shortens a trace id whose high half is zero', () => {
  const id = '00000000000000008448eb211c80319c'
  const trace = jaegerTrace(id, [stored({ traceId: id, parentSpanId: '00f067aa0ba902b7' })], false)
  assert.equal(trace.traceID, '8448eb211c80319c')
  assert.equal(trace.spans[0]?.traceID, '8448eb211c80319c')
  assert.equal(trace.spans[0]?.references[0]?.traceID, '8448eb211c80319c')
})

test('warns of a span that ended before it started instead of showing a negative duration', () => {
  const { duration, warnings } = translated({ durationNano: -1n })
  assert.equal(duration, 0)
  assert.deepEqual(warnings, ['the span ended before it started; its duration is shown as 0'])
})
