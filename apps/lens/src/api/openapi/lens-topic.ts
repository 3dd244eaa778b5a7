/** Lens's own API, described. */

import type { Content, Parameter, Topic } from './operation.ts'

const trace: Parameter = {
  name: 'traceId',
  description: '32 or 16 hex digits.',
  schema: { type: 'string' },
  required: true,
}
const notStored: Content = {
  description: 'The trace is not stored.',
  types: ['application/problem+json'],
  schema: 'Problem',
}
/** Only a list of traces has an order and pages. */
const without = ['order', 'cursor']
const contains: Parameter = {
  name: 'prefix',
  description: 'How keys or values begin, in any case.',
  schema: { type: 'string' },
}
const of: Parameter = {
  name: 'of',
  description: 'Whose durations. Default `traces`.',
  schema: { enum: ['traces', 'spans'] },
}

export const lensTopic: Topic = {
  name: 'lens',
  description: 'What the web UI asks: tenants, users, exact totals, comparison, live tail.',
  errors: 'problem',
  operations: {
    'GET /api/lens/search': {
      summary: 'Finds traces, with how many there are in all',
      query: 'SearchQuery',
      answers: { 200: { description: 'A page of traces.', schema: 'SearchResponse' } },
    },
    'GET /api/lens/facets': {
      summary: 'Counts the traces that a search finds by the values of their fields',
      query: 'SearchQuery',
      without,
      parameters: [
        {
          name: 'fields',
          description: 'Further fields and attributes, by commas: `kind,http.route`.',
          schema: { type: 'string' },
        },
      ],
      answers: { 200: { description: 'The most frequent values.', schema: 'FacetsResponse' } },
    },
    'GET /api/lens/histogram': {
      summary: 'Counts the traces that a search finds over time',
      query: 'SearchQuery',
      without,
      answers: { 200: { description: 'Buckets of time.', schema: 'HistogramResponse' } },
    },
    'GET /api/lens/latency': {
      summary: 'Counts what a search finds by duration',
      query: 'SearchQuery',
      without,
      parameters: [of],
      answers: { 200: { description: 'Buckets of durations.', schema: 'LatencyResponse' } },
    },
    'GET /api/lens/heatmap': {
      summary: 'Counts what a search finds by time and duration',
      query: 'SearchQuery',
      without,
      parameters: [of],
      answers: { 200: { description: 'Cells that are not empty.', schema: 'HeatmapResponse' } },
    },
    'GET /api/lens/attribute-keys': {
      summary: 'Attributes of the spans that a search finds',
      query: 'SearchQuery',
      without,
      parameters: [contains],
      answers: { 200: { description: 'Most frequent first.', schema: 'AttributeKeysResponse' } },
    },
    'GET /api/lens/attribute-values': {
      summary: 'Values of one attribute of the spans that a search finds',
      query: 'SearchQuery',
      without,
      parameters: [
        contains,
        {
          name: 'key',
          description: 'An attribute or a field, as the query language names it.',
          schema: { type: 'string' },
          required: true,
        },
      ],
      answers: { 200: { description: 'Most frequent first.', schema: 'AttributeValuesResponse' } },
    },
    'GET /api/lens/compare': {
      summary: 'Which values some of the found traces have more often than the others',
      query: 'CompareQuery',
      without,
      answers: { 200: { description: 'Values, the most significant first.', schema: 'CompareResponse' } },
    },
    'GET /api/lens/services': {
      summary: 'Services or operations with their rates, errors and durations',
      query: 'ServicesQuery',
      answers: { 200: { description: 'Most calls first.', schema: 'ServicesResponse' } },
    },
    'GET /api/lens/dependencies': {
      summary: 'The map of services: who calls whom, how often, and how often that fails',
      query: 'DependenciesQuery',
      answers: { 200: { description: 'Nodes and edges.', schema: 'DependenciesResponse' } },
    },
    'GET /api/lens/map': {
      summary:
        'Services, databases, queues and hosts that the traces of a search went through, and the calls between them',
      query: 'SearchQuery',
      without,
      answers: { 200: { description: 'Nodes and edges.', schema: 'MapResponse' } },
    },
    'GET /api/lens/tenants': {
      summary: 'Tenants with their requests, failures and durations, now and in the period before',
      query: 'TenantsQuery',
      answers: { 200: { description: 'A page of tenants.', schema: 'TenantsResponse' } },
    },
    'GET /api/lens/users': {
      summary: 'Users, as tenants are listed',
      query: 'UsersQuery',
      answers: { 200: { description: 'A page of users.', schema: 'UsersResponse' } },
    },
    'GET /api/lens/tail': {
      summary: 'Live tail: what arrives and matches, as server-sent events',
      description: 'The data of the events are TailOpen, TraceSummary, TailSpan, TailSkipped and TailEnd.',
      query: 'TailQuery',
      without,
      answers: { 200: { description: 'Events until the client leaves.', types: ['text/event-stream'] } },
    },
    'GET /api/lens/traces/:traceId': {
      summary: 'A trace, every span',
      parameters: [trace],
      answers: { 200: { description: 'Sorted by start.', schema: 'TraceResponse' }, 404: notStored },
    },
    'GET /api/lens/traces/:traceId/waterfall': {
      summary: 'A trace as it is drawn: its spans in columns, without their attributes',
      parameters: [trace],
      answers: { 200: { description: 'Sorted by start.', schema: 'WaterfallResponse' }, 404: notStored },
    },
    'GET /api/lens/traces/:traceId/spans/:spanId': {
      summary: 'A span of a trace, whole',
      parameters: [
        trace,
        { name: 'spanId', description: '16 hex digits.', schema: { type: 'string' }, required: true },
      ],
      answers: {
        200: { description: 'As the trace, with this span alone.', schema: 'TraceResponse' },
        404: notStored,
      },
    },
    'GET /api/lens/traces/:traceId/matches': {
      summary: 'Spans of a trace that hold some words',
      parameters: [
        trace,
        { name: 'text', description: 'Words, or key=value.', schema: { type: 'string' }, required: true },
      ],
      answers: { 200: { description: 'Their ids.', schema: 'SpanMatchesResponse' } },
    },
    'GET /api/lens/traces/:traceId/summary': {
      summary: 'A trace in short: where its time went, and where it failed first',
      parameters: [trace],
      answers: { 200: { description: 'Its anatomy.', schema: 'TraceAnatomyResponse' }, 404: notStored },
    },
    'GET /api/lens/traces/:traceId/otlp': {
      summary: 'A trace as a file of OTLP',
      parameters: [trace],
      answers: {
        200: {
          description: 'TracesData, by the Accept header.',
          types: ['application/json', 'application/x-protobuf'],
          schema: {
            type: 'object',
            properties: { resourceSpans: { type: 'array' } },
            required: ['resourceSpans'],
          },
        },
        404: notStored,
      },
    },
    'POST /api/lens/traces': {
      summary: 'Stores traces of a file: OTLP JSON, or what Jaeger’s UI downloads',
      access: 'ingest',
      body: { description: 'Up to 16 MiB.', schema: { type: 'object' } },
      answers: { 200: { description: 'What was stored.', schema: 'UploadResponse' } },
    },
    'GET /api/lens/traces/:traceId/logs': {
      summary: 'Log records of a trace, the oldest first',
      parameters: [
        trace,
        { name: 'limit', description: '1 to 10,000, default 1000.', schema: { type: 'number' } },
      ],
      answers: { 200: { description: 'Records; none is no error.', schema: 'TraceLogsResponse' } },
    },
    'GET /api/lens/logs': {
      summary: 'Finds log records',
      query: 'LogsQuery',
      answers: { 200: { description: 'A page, newest first.', schema: 'LogsResponse' } },
    },
    'GET /api/lens/endpoints': {
      summary: 'The ports that spans are sent to',
      answers: { 200: { description: 'Ports.', schema: 'EndpointsResponse' } },
    },
    'GET /api/lens/session': {
      summary: 'Whom the request’s token or cookie stands for',
      access: 'public',
      answers: { 200: { description: 'Who.', schema: 'SessionResponse' } },
    },
    'POST /api/lens/session': {
      summary: 'Exchanges a token for a cookie',
      access: 'public',
      body: { description: 'The token.', schema: 'SessionRequest' },
      answers: { 200: { description: 'Who.', schema: 'SessionResponse' } },
    },
    'DELETE /api/lens/session': {
      summary: 'Ends the session of the cookie',
      access: 'public',
      answers: { 204: { description: 'Done.' } },
    },
  },
}
