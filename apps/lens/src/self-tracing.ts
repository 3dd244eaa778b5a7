/**
 * Lens's own traces: a SERVER span for each request of its API, and below it a CLIENT span for each statement that the store is asked. `process` starts it when
 * LENS_TRACE_ITSELF says so. What is sent to Lens is not traced, nor what Lens does by itself: its own spans would make more of them, for ever.
 */

import { randomBytes } from 'node:crypto'
import type { TracingChannelSubscribers } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import packageJson from '../package.json' with { type: 'json' }
import type { LensConfig } from './config.ts'
import { urlOf } from './lens.ts'
import { listen } from './listen.ts'
import { type StatementMessage, statementChannel } from './store/statement-channel.ts'
import { statementTables } from './store/tenancy/statement-tables.ts'

/** Of the telemetry library, which `main` alone may load; what is not said here is by the OTEL_ variables. */
export interface TracingFields {
  readonly serviceName: string
  readonly serviceVersion: string
  readonly exporters: readonly ['otlp']
  readonly protocol: 'grpc' | 'http/protobuf'
  readonly endpoint: string
  readonly headers?: Readonly<Record<string, string>>
  readonly enabledInstrumentations: readonly ['http-server', 'fastify']
  readonly httpIgnorePaths: readonly string[]
}

export type StartTracing = (fields: TracingFields) => Promise<{ shutdown(): Promise<void> }>

export interface SelfTracing {
  /** `config` as Lens must be started with: sending to itself takes a port that is known before. */
  readonly config: LensConfig
  /** Lets Lens send to itself where tokens are asked for. */
  readonly ownToken: string | undefined
  /** Delivers what has ended: before Lens takes no more. */
  close(): Promise<void>
}

/** What others send, what machines ask every few seconds, and the live tail, which asks the store for as long as it is open. */
const ignoredPaths = [
  '/v1/*',
  '/api/v2/spans',
  '/health',
  '/health/*',
  '/metrics',
  '/assets/*',
  '/api/lens/tail',
]

/** Before anything is made that serves requests: routes are learnt from a server as it is made. */
export async function startSelfTracing(
  given: LensConfig,
  to: true | URL,
  start: StartTracing,
): Promise<SelfTracing> {
  const config = to === true ? await withKnownPort(given) : given
  const ownToken =
    to === true && config.tokensFile !== undefined ? randomBytes(32).toString('hex') : undefined
  const tracing = await start({
    serviceName: 'rustok-lens',
    serviceVersion: packageJson.version,
    exporters: ['otlp'],
    ...(to === true
      ? {
          protocol: 'grpc',
          endpoint: urlOf(config.host, config.otlpGrpcPort),
          headers: ownToken === undefined ? {} : { authorization: `Bearer ${ownToken}` },
        }
      : // By OTLP's own default paths; whatever has none speaks gRPC.
        { protocol: to.pathname === '/' ? 'grpc' : 'http/protobuf', endpoint: to.href }),
    enabledInstrumentations: ['http-server', 'fastify'],
    httpIgnorePaths: ignoredPaths,
  })
  const subscribers = statementSpans(config)
  statementChannel.subscribe(subscribers)
  return {
    config,
    ownToken,
    close: async () => {
      statementChannel.unsubscribe(subscribers)
      await tracing.shutdown()
    },
  }
}

async function withKnownPort(config: LensConfig): Promise<LensConfig> {
  if (config.otlpGrpcPort !== 0) return config
  const probe = createServer()
  const otlpGrpcPort = await listen(probe, config.host, 0, 'LENS_OTLP_GRPC_PORT')
  await new Promise((resolve) => probe.close(resolve))
  return { ...config, otlpGrpcPort }
}

/** By the semantic conventions for database clients. */
function statementSpans({ clickhouseUrl: url }: LensConfig): TracingChannelSubscribers<StatementMessage> {
  const tracer = trace.getTracer('rustok-lens', packageJson.version)
  const common: Attributes = {
    'db.system.name': 'clickhouse',
    'db.namespace': url?.pathname.slice(1) || 'lens',
    ...(url === undefined
      ? { 'network.transport': 'unix' }
      : {
          'server.address': url.hostname,
          'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
        }),
  }
  const open = new WeakMap<StatementMessage, Span>()
  return {
    start: (message) => {
      // Of no request that is traced.
      if (trace.getActiveSpan() === undefined) return
      const { statement, waitedMs } = message
      const tables = tablesOf(statement)
      const summary = ['SELECT', ...tables].join(' ')
      const attributes: Attributes = {
        ...common,
        'db.operation.name': 'SELECT',
        ...(tables.length === 1 ? { 'db.collection.name': tables[0]! } : {}),
        'db.query.summary': summary,
        'db.query.text': statement,
        'rustok.lens.queue_wait_ms': waitedMs,
      }
      open.set(message, tracer.startSpan(summary, { kind: SpanKind.CLIENT, attributes }))
    },
    end: () => {},
    asyncStart: () => {},
    asyncEnd: (message) => {
      const span = open.get(message)
      if (span === undefined) return
      const { result, error } = message
      if (error === undefined) span.setAttributes(measuresOf(result))
      else fail(span, error)
      span.end()
    },
    error: () => {},
  }
}

function measuresOf(result: StatementMessage['result']): Attributes {
  if (result === undefined) return {}
  return {
    'db.response.returned_rows': typeof result.rows === 'number' ? result.rows : result.rows.length,
    ...(result.read === undefined
      ? {}
      : { 'clickhouse.read_rows': result.read.rows, 'clickhouse.read_bytes': result.read.bytes }),
  }
}

function fail(span: Span, error: unknown): void {
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error))
  const code = codeOf(error) ?? codeOf(cause)
  if (code !== undefined) span.setAttribute('db.response.status_code', code)
  span.setAttribute('error.type', code ?? name)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

/** ClickHouse's number for what is wrong, or the system's word. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

function tablesOf(statement: string): readonly string[] {
  try {
    return [...statementTables(statement)]
  } catch {
    return []
  }
}
