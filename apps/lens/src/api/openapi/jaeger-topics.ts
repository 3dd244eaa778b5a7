/** Jaeger's query API as Lens serves it, described: v1 with its envelope, and v3. */

import type { Content, Parameter, Schema, Topic } from './operation.ts'

function parameter(name: string, description: string, type: string, required = false): Parameter {
  return { name, description, schema: { type }, ...(required ? { required } : {}) }
}

/** One that may stand several times. */
function repeated(name: string, description: string, required = false): Parameter {
  return {
    name,
    description,
    schema: { type: 'array', items: { type: 'string' } },
    ...(required ? { required } : {}),
  }
}

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

function listOf(items: Schema): Schema {
  return { type: 'array', items }
}

function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((key) => !optional.includes(key)),
  }
}

const text: Schema = { type: 'string' }
const count: Schema = { type: 'number' }

function enveloped(data: Schema): Schema {
  const error = object({ code: count, msg: text, traceID: text }, ['code', 'traceID'])
  return object({
    data,
    total: count,
    limit: count,
    offset: count,
    errors: { anyOf: [listOf(error), { type: 'null' }] },
  })
}

function envelopeOf(description: string, data: Schema): Content {
  return { description, schema: enveloped(data) }
}

const operations = listOf(object({ name: text, spanKind: text }))
const service = parameter('service', 'Its name.', 'string', true)
const traceID: Parameter = {
  name: 'traceId',
  description: 'Up to 32 hex digits, or base64.',
  schema: text,
  required: true,
}
const notFound = envelopeOf('The trace is not stored.', { type: 'null' })
const metric: readonly Parameter[] = [
  repeated('service', 'Names of services.', true),
  parameter('groupByOperation', 'A series for each operation.', 'boolean'),
  parameter('endTs', 'Unix milliseconds; default now.', 'number'),
  parameter('lookback', 'Milliseconds before that; default an hour.', 'number'),
  parameter('step', 'Milliseconds between points; default 5,000.', 'number'),
  parameter('ratePer', 'Milliseconds that a point looks back; default 600,000.', 'number'),
  repeated('spanKind', 'Kinds of spans that count; default `server`.'),
]
const family: Content = { description: 'A gauge for each service or operation.', schema: 'MetricFamily' }

export const jaegerTopic: Topic = {
  name: 'jaeger',
  description: 'Jaeger’s query API v1, as Grafana and Jaeger’s UI call it.',
  errors: 'jaeger',
  operations: {
    'GET /api/services': {
      summary: 'Names of services',
      answers: { 200: envelopeOf('Sorted.', listOf(text)) },
    },
    'GET /api/services/:service/operations': {
      summary: 'Names of a service’s operations',
      parameters: [service],
      answers: { 200: envelopeOf('Sorted.', listOf(text)) },
    },
    'GET /api/operations': {
      summary: 'Operations of a service, with their kinds',
      parameters: [service, parameter('spanKind', 'Of this kind alone.', 'string')],
      answers: { 200: envelopeOf('Sorted.', operations) },
    },
    'GET /api/traces': {
      summary: 'Finds traces, whole',
      parameters: [
        parameter('service', 'Required without `traceID`.', 'string'),
        parameter('operation', 'A span’s name.', 'string'),
        parameter('start', 'Unix microseconds; default 48 hours before now.', 'number'),
        parameter('end', 'Unix microseconds; default now.', 'number'),
        parameter('limit', 'Traces, newest first; default 100, at most 1500.', 'number'),
        parameter('minDuration', 'Of a span, as `1.5s`.', 'string'),
        parameter('maxDuration', 'Of a span.', 'string'),
        repeated('tag', '`key:value`.'),
        repeated('tags', 'A JSON object of strings.'),
        repeated('traceID', 'These traces, instead of a search.'),
        parameter('raw', 'Attributes in the order in which they were sent.', 'boolean'),
      ],
      answers: { 200: envelopeOf('Traces; missing ids are told in `errors`.', listOf(ref('JaegerTrace'))) },
    },
    'GET /api/traces/:traceId': {
      summary: 'One trace',
      parameters: [
        traceID,
        parameter('start', 'Unix microseconds between which it has a span.', 'number'),
        parameter('end', 'Unix microseconds.', 'number'),
        parameter('raw', 'Attributes in the order in which they were sent.', 'boolean'),
      ],
      answers: { 200: envelopeOf('The trace.', listOf(ref('JaegerTrace'))), 404: notFound },
    },
    'POST /api/transform': {
      summary: 'Turns OTLP JSON into Jaeger’s JSON; nothing is stored',
      body: { description: 'TracesData, up to 16 MiB.', types: ['*/*'] },
      answers: { 200: envelopeOf('Its traces.', listOf(ref('JaegerTrace'))) },
    },
    'GET /api/dependencies': {
      summary: 'Which service calls which, and how often',
      parameters: [
        parameter('endTs', 'Unix milliseconds; default now.', 'number'),
        parameter('lookback', 'Milliseconds before that; default 24 hours.', 'number'),
        parameter('service', 'That calls or is called.', 'string'),
      ],
      answers: { 200: envelopeOf('By parent, then child.', listOf(ref('DependencyLink'))) },
    },
    'GET /api/metrics/latencies': {
      summary: 'Durations of calls over time, in milliseconds',
      parameters: [...metric, parameter('quantile', '0 to 1.', 'number', true)],
      answers: { 200: family },
    },
    'GET /api/metrics/calls': {
      summary: 'Calls a second over time',
      parameters: metric,
      answers: { 200: family },
    },
    'GET /api/metrics/errors': {
      summary: 'The share of calls that failed over time, 0 to 1',
      parameters: metric,
      answers: { 200: family },
    },
    'GET /api/metrics/minstep': {
      summary: 'The shortest `step`, in milliseconds',
      answers: { 200: envelopeOf('In `data`.', { type: 'number' }) },
    },
  },
}

const v3Search: readonly Parameter[] = [
  parameter('query.serviceName', 'Of a span.', 'string'),
  parameter('query.operationName', 'Of the same span.', 'string'),
  parameter('query.startTimeMin', 'RFC 3339.', 'string', true),
  parameter('query.startTimeMax', 'RFC 3339, later than that.', 'string', true),
  parameter('query.durationMin', 'As `1.5s`.', 'string'),
  parameter('query.durationMax', 'As `1.5s`.', 'string'),
  parameter('query.searchDepth', 'Traces, newest first; default 100, at most 1500.', 'number'),
  parameter('query.attributes', 'A JSON object of strings.', 'string'),
  parameter(
    'query.rawTraces',
    'Attributes in the order in which they were sent, as they are in any case.',
    'boolean',
  ),
]
const v3Traces: Content = {
  description: 'Traces as OTLP JSON.',
  schema: object({ result: object({ resourceSpans: listOf({ type: 'object' }) }) }),
}
const v3NotFound: Content = {
  description: 'There is no such trace.',
  schema: object({ error: object({ httpCode: count, message: text }) }),
}
const serviceSummary = object({ name: text, spanCount: count, errorSpanCount: count }, [
  'spanCount',
  'errorSpanCount',
])
const summary = object(
  {
    traceId: text,
    rootServiceName: text,
    rootOperationName: text,
    minStartTimeUnixNano: text,
    maxEndTimeUnixNano: text,
    spanCount: count,
    errorSpanCount: count,
    orphanSpanCount: count,
    services: listOf(serviceSummary),
  },
  [
    'rootServiceName',
    'rootOperationName',
    'minStartTimeUnixNano',
    'maxEndTimeUnixNano',
    'spanCount',
    'errorSpanCount',
    'orphanSpanCount',
  ],
)

export const jaegerV3Topic: Topic = {
  name: 'jaeger-v3',
  description: 'Jaeger’s query API v3. Names of parameters in snake_case are taken, too.',
  errors: 'jaeger-v3',
  operations: {
    'GET /api/v3/services': {
      summary: 'Names of services',
      answers: { 200: { description: 'Sorted.', schema: object({ services: listOf(text) }) } },
    },
    'GET /api/v3/operations': {
      summary: 'Operations of a service, with their kinds',
      parameters: [
        parameter('service', 'Its name.', 'string'),
        parameter('spanKind', 'Of this kind alone.', 'string'),
      ],
      answers: { 200: { description: 'Sorted.', schema: object({ operations }) } },
    },
    'GET /api/v3/traces/:traceId': {
      summary: 'One trace',
      parameters: [
        traceID,
        parameter('startTime', 'RFC 3339: it has a span that starts then or later.', 'string'),
        parameter('endTime', 'RFC 3339: it has a span that starts then or earlier.', 'string'),
        parameter('rawTraces', 'As query.rawTraces.', 'boolean'),
      ],
      answers: { 200: v3Traces, 404: v3NotFound },
    },
    'GET /api/v3/traces': {
      summary: 'Finds traces, whole',
      parameters: v3Search,
      answers: { 200: v3Traces, 404: v3NotFound },
    },
    'GET /api/v3/trace-summaries': {
      summary: 'Finds traces, in short; zeros are left out',
      parameters: v3Search,
      answers: { 200: { description: 'Newest first.', schema: object({ summaries: listOf(summary) }) } },
    },
  },
}
