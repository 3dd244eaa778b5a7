/** Traces as files: what is downloaded is what was sent, and what is uploaded is what was downloaded, by another Lens, too. */

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import {
  decodeTraceRequest,
  decodeTraceRequestJson,
  encodeTraceRequestJson,
  type ResourceSpans,
  type Span,
  type TraceRequest,
} from '@rustok/otlp'
import fc from 'fast-check'
import type { Problem, TraceResponse, UploadResponse } from '../../src/api/contract.ts'
import { anySpan, keyValue } from '../support/arbitrary-otlp.ts'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, hex, request, resourceSpans, span, spanId, traceId } from '../support/spans.ts'

let lens: RunningLens
let other: RunningLens
before(async () => {
  ;[lens, other] = await Promise.all([RunningLens.start(), RunningLens.start()])
})
after(async () => {
  await Promise.all([lens[Symbol.asyncDispose](), other[Symbol.asyncDispose]()])
})

function download(from: RunningLens, id: string, accept = 'application/json'): Promise<Response> {
  return fetch(`${from.urls.ui}/api/lens/traces/${id}/otlp`, { headers: { accept } })
}

function upload(
  to: RunningLens,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${to.urls.ui}/api/lens/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body as BodyInit,
  })
}

async function uploaded(to: RunningLens, file: string): Promise<UploadResponse> {
  const response = await upload(to, file)
  const body = await response.text()
  assert.equal(response.status, 200, body)
  return JSON.parse(body) as UploadResponse
}

async function refused(body: string | Uint8Array, status: number): Promise<Problem> {
  const response = await upload(lens, body)
  const problem = (await response.json()) as Problem
  assert.equal(response.status, status, problem.detail)
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
  return problem
}

/** Whatever OTLP can say, in one trace of several resources and scopes. */
function anyTrace(): { id: string; request: TraceRequest } {
  const id = traceId()
  const parts = fc.sample(
    fc.tuple(fc.array(anySpan, { minLength: 1, maxLength: 12 }), fc.array(keyValue, { maxLength: 3 })),
    {
      numRuns: 6,
      seed: 21,
    },
  )
  const all = parts.map(([spans, extra], index): ResourceSpans => {
    const own = spans.map((made) => ({ ...made, traceId: id }))
    const made = resourceSpans(`service-${index}`, own)
    const [scope] = made.scopeSpans
    return {
      resource: { attributes: [...made.resource.attributes, ...extra], droppedAttributesCount: index },
      schemaUrl: index % 2 === 0 ? 'https://opentelemetry.io/schemas/1.40.0' : '',
      scopeSpans: [
        {
          ...scope!,
          scope: { name: `scope-${index}`, version: '1', attributes: extra, droppedAttributesCount: index },
          schemaUrl: 'scope',
        },
      ],
    }
  })
  return { id: hex(id), request: { resourceSpans: all } }
}

/** Spans by id, each with what it was sent in, so that the order of groups says nothing. */
function bySpan({ resourceSpans }: TraceRequest): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const { resource, schemaUrl, scopeSpans } of resourceSpans) {
    for (const { scope, schemaUrl: scopeSchemaUrl, spans } of scopeSpans) {
      for (const span of spans) {
        const parentSpanId = hex(span.parentSpanId)
        found.set(hex(span.spanId), {
          resource,
          schemaUrl,
          scope,
          scopeSchemaUrl,
          span: { ...span, parentSpanId },
        })
      }
    }
  }
  return found
}

test('downloads what was sent, uploads it to another Lens, and downloads the same from there', async () => {
  const { id, request } = anyTrace()
  await lens.send(request)
  const response = await download(lens, id)
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  assert.equal(response.headers.get('content-disposition'), `attachment; filename="trace-${id}.json"`)
  const file = await response.text()
  assert.deepEqual(bySpan(decodeTraceRequestJson(file)), bySpan(request))

  const answer = await uploaded(other, file)
  const spans = request.resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans),
  ).length
  assert.deepEqual(answer, { traceIds: [id], traces: 1, spans, refused: 0, message: '' })
  assert.equal(await (await download(other, id)).text(), file)
  // Once more: a span that is there stays one.
  await uploaded(other, file)
  assert.equal(await (await download(other, id)).text(), file)
})

test('downloads protobuf for those who ask for it', async () => {
  const { id, request } = anyTrace()
  await lens.send(request)
  const response = await download(lens, id, 'application/x-protobuf')
  assert.equal(response.headers.get('content-type'), 'application/x-protobuf')
  const bytes = new Uint8Array(await response.arrayBuffer())
  assert.deepEqual(bySpan(decodeTraceRequest(bytes)), bySpan(request))
})

test('has no file of a trace that is not stored, nor of what is no id', async () => {
  const missing = await download(lens, '0af7651916cd43dd8448eb211c80319c')
  assert.equal(missing.status, 404)
  assert.equal((await download(lens, 'xyz')).status, 400)
})

test('takes what Jaeger says of a trace, so that Jaeger says it again', async () => {
  const id = traceId()
  const root = spanId()
  const spans: Span[] = [
    span({
      traceId: id,
      spanId: root,
      kind: 2,
      traceState: 'a=b',
      attributes: attributes({
        text: 'x',
        yes: true,
        count: 2n ** 60n,
        ratio: 0.5,
        bytes: new Uint8Array([1, 2]),
      }),
      events: [
        {
          timeUnixNano: 1_700_000_000_000_001_000n,
          name: 'cached',
          attributes: attributes({ hit: true }),
          droppedAttributesCount: 0,
        },
      ],
    }),
    span({
      traceId: id,
      parentSpanId: root,
      kind: 3,
      name: 'SELECT',
      status: { code: 2, message: 'no such table' },
      links: [
        {
          traceId: traceId(),
          spanId: spanId(),
          traceState: '',
          attributes: attributes({ 'opentracing.ref_type': 'follows_from' }),
          droppedAttributesCount: 0,
          flags: 0,
        },
      ],
    }),
  ]
  await lens.send({
    resourceSpans: [
      resourceSpans('shop', [spans[0]!], {
        resource: { zone: 'a', pid: 7n },
        scope: { name: 'lib', version: '2' },
      }),
      resourceSpans('db', [spans[1]!]),
    ],
  })
  const jaeger = await (await fetch(`${lens.urls.ui}/api/traces/${hex(id)}`)).text()
  const answer = await uploaded(other, jaeger)
  assert.deepEqual(answer, { traceIds: [hex(id)], traces: 1, spans: 2, refused: 0, message: '' })
  assert.deepEqual(await (await fetch(`${other.urls.ui}/api/traces/${hex(id)}`)).json(), JSON.parse(jaeger))
})

test('takes a trace of a Jaeger client of old', async () => {
  // As the UI of Jaeger 1 downloads it: ids without leading zeros, the parent by a field, numbers in tags without a type.
  const file = {
    data: [
      {
        traceID: '5b8efff798038103',
        spans: [
          {
            traceID: '5b8efff798038103',
            spanID: 'eee19b7ec3c1b174',
            parentSpanID: '0',
            flags: 1,
            operationName: 'HTTP GET /dispatch',
            references: [],
            startTime: 1_700_000_000_000_000,
            duration: 1_500,
            tags: [
              { key: 'span.kind', type: 'string', value: 'server' },
              { key: 'error', type: 'bool', value: true },
              { key: 'http.status_code', value: 500 },
            ],
            logs: [
              {
                timestamp: 1_700_000_000_000_100,
                fields: [{ key: 'event', type: 'string', value: 'retry' }],
              },
            ],
            processID: 'p1',
            warnings: null,
          },
          {
            traceID: '5b8efff798038103',
            spanID: '1b7ec3c1b174',
            operationName: 'redis',
            references: [{ refType: 'CHILD_OF', traceID: '5b8efff798038103', spanID: 'eee19b7ec3c1b174' }],
            startTime: 1_700_000_000_000_050,
            duration: 20,
            tags: [],
            logs: [],
            processID: 'p1',
          },
        ],
        processes: {
          p1: { serviceName: 'frontend', tags: [{ key: 'ip', type: 'string', value: '10.0.0.1' }] },
        },
      },
    ],
    total: 0,
    errors: null,
  }
  const { traceIds } = await uploaded(lens, JSON.stringify(file))
  assert.deepEqual(traceIds, ['00000000000000005b8efff798038103'])
  const { spans, resources } = await lens.get<TraceResponse>('/api/lens/traces/5b8efff798038103')
  assert.deepEqual(
    spans.map(({ spanId, parentSpanId, name, kind, status, startUnixNano, durationNano }) => ({
      spanId,
      parentSpanId,
      name,
      kind,
      status,
      startUnixNano,
      durationNano,
    })),
    [
      {
        spanId: 'eee19b7ec3c1b174',
        parentSpanId: '',
        name: 'HTTP GET /dispatch',
        kind: 'server',
        status: 'error',
        startUnixNano: '1700000000000000000',
        durationNano: 1_500_000,
      },
      {
        spanId: '00001b7ec3c1b174',
        parentSpanId: 'eee19b7ec3c1b174',
        name: 'redis',
        kind: 'unspecified',
        status: 'unset',
        startUnixNano: '1700000000000050000',
        durationNano: 20_000,
      },
    ],
  )
  assert.deepEqual(spans[0]?.attributes, [{ key: 'http.status_code', type: 'int', value: 500 }])
  assert.equal(spans[0]?.events[0]?.name, 'retry')
  assert.deepEqual(resources[0]?.service, 'frontend')
})

test('takes requests line by line, as the Collector writes them to a file, and names the line of a mistake', async () => {
  const files = [span(), span()].map((one) => ({ id: hex(one.traceId), request: request('lines', [one]) }))
  const lines = files.map(({ request }) => encodeTraceRequestJson(request))
  for (const end of ['\n', '\r\n']) {
    const answer = await uploaded(lens, `${lines.join(end)}${end}`)
    assert.deepEqual([answer.traceIds, answer.spans], [files.map(({ id }) => id), 2])
  }
  const broken = await refused(`${lines.join('\n')}\n{"resourceSpans": 1}\n`, 400)
  assert.match(broken.detail, /^line 3: resourceSpans/)
})

test('stores what can be stored, and says what was not', async () => {
  const good = span()
  const file = encodeTraceRequestJson(
    request('shop', [good, span({ spanId: new Uint8Array(8) }), span({ traceId: new Uint8Array(3) })]),
  )
  const { traceIds, spans, refused, message } = await uploaded(lens, file)
  assert.deepEqual([traceIds, spans, refused], [[hex(good.traceId)], 1, 2])
  assert.match(message, /spanId of zeros/)
  assert.match(message, /traceId of 3 bytes/)
})

test('refuses what is neither format, with the place', async () => {
  const wrong: [string, RegExp][] = [
    ['', /./],
    ['{', /JSON/],
    ['{}', /neither/],
    ['[]', /no spans/],
    ['"text"', /JSON/],
    ['null', /./],
    ['{"resourceSpans":[]}', /no spans/],
    ['{"resourceSpans":[{"scopeSpans":7}]}', /scopeSpans/],
    ['{"resourceSpans":[{}]}', /no spans/],
    ['{"data":{}}', /data/],
    ['{"data":[{"spans":[{"traceID":"xyz","spanID":"1","startTime":1}]}]}', /data\[0\]\.spans\[0\]\.traceID/],
    ['{"data":[{"spans":[{"traceID":"1","spanID":"1","startTime":"soon"}]}]}', /startTime/],
    [
      '{"data":[{"spans":[{"traceID":"1","spanID":"1","startTime":1,"tags":[{"key":"n","type":"int64","value":"many"}]}]}]}',
      /tags\[0\]\.value/,
    ],
    [
      '{"data":[{"spans":[{"traceID":"1","spanID":"1","startTime":1,"references":[{"refType":"COUSIN_OF"}]}]}]}',
      /refType/,
    ],
    [
      '{"data":[{"spans":[{"traceID":"1","spanID":"1","startTime":1,"processID":"__proto__"}],"processes":[]}]}',
      /processes/,
    ],
  ]
  for (const [body, detail] of wrong) assert.match((await refused(body, 400)).detail, detail, body)
})

test('reads two uploads at a time, and others when they are done', async () => {
  const { hostname, port } = new URL(lens.urls.ui)
  const slow = [1, 2].map(() => {
    const body = request('shop', [span()])
    const file = encodeTraceRequestJson(body)
    const client = connect(Number(port), hostname)
    client.write(
      `POST /api/lens/traces HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${file.length}\r\n\r\n`,
    )
    return { client, file }
  })
  let answer: Response
  do answer = await upload(lens, '{}')
  while (answer.status === 400)
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, '5'])
  for (const { client, file } of slow) {
    client.write(file)
    assert.match(await text(client), /^HTTP\/1.1 200 /)
  }
  do answer = await upload(lens, '{}')
  while (answer.status === 429)
  assert.equal(answer.status, 400)
})

test('never fails over what somebody makes up', async () => {
  const made = fc.sample(fc.json(), { numRuns: 30, seed: 3 })
  const jaegerish = fc.sample(
    fc.record({
      data: fc.array(
        fc.record({
          spans: fc.array(
            fc.dictionary(
              fc.constantFrom('traceID', 'spanID', 'tags', 'logs', 'references', 'process'),
              fc.jsonValue(),
            ),
          ),
          processes: fc.jsonValue(),
        }),
      ),
    }),
    { numRuns: 30, seed: 5 },
  )
  for (const body of [...made, ...jaegerish.map((value) => JSON.stringify(value))]) {
    const { status } = await upload(lens, body)
    assert.ok(status === 400 || status === 200, `${status} for ${body}`)
  }
})

test('refuses what is too large, too dense, of another type, or from another site', async () => {
  assert.equal((await upload(lens, new Uint8Array(16 * 1024 * 1024 + 1))).status, 413)
  await refused(`[${'{},'.repeat(1_000_001)}{}]`, 413)
  const typeless = await upload(lens, 'x', { 'content-type': 'text/plain' })
  assert.equal(typeless.status, 415)
  assert.match(((await typeless.json()) as Problem).detail, /application\/json/)
  assert.equal((await upload(lens, '{}', { origin: 'https://evil.example' })).status, 403)
})
