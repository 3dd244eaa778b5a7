/**
 * A CLIENT span for every query that Kysely runs, from its log hook, by the stable database conventions:
 * `new Kysely({ dialect, log: kyselyTracing({ system: 'postgresql' }) })`. Kysely calls the hook when a query is done, in the caller's
 * context, so the span is made after the fact.
 */
import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { type AttributeList, attributeKey, type PreparedAttributes, prepareAttributes } from '@rustok/otlp'
import { activeContext } from '../context/context-manager.ts'
import { tracerOf } from '../own-tracer.ts'
import { errorCode, errorMessage, errorName } from '../trace/exception.ts'
import { Tracer } from '../trace/tracer.ts'
import { describeStatement } from './sql-statement.ts'

/** What is used of Kysely's LogEvent. */
export interface KyselyLogEvent {
  readonly level: 'query' | 'error'
  readonly query: { readonly sql: string }
  readonly queryDurationMillis: number
  readonly error?: unknown
}

export interface KyselyTracingOptions {
  /** `db.system.name`: `postgresql`, `mysql`, `sqlite`, … */
  readonly system: string
  /** `db.namespace`: the database's name. */
  readonly namespace?: string
  readonly serverAddress?: string
  readonly serverPort?: number
}

/** Statements are built from code and so are few; a program that puts values into its SQL stops filling the table here. */
const maxStatements = 2048
/** A longer statement is described anew each time. */
const maxKnownLength = 4096

interface KnownStatement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number>>
  /** The same, encoded when the first span of ours wants them. */
  prepared: PreparedAttributes | undefined
}

const currentTracer = tracerOf('@rustok/telemetry/kysely', '0.1.0')

export function kyselyTracing(options: KyselyTracingOptions): (event: KyselyLogEvent) => void {
  const statements = new Map<string, KnownStatement>()
  const common = {
    'db.system.name': options.system,
    ...(options.namespace !== undefined && { 'db.namespace': options.namespace }),
    ...(options.serverAddress !== undefined && { 'server.address': options.serverAddress }),
    ...(options.serverPort !== undefined && { 'server.port': options.serverPort }),
  }
  const statementOf = (sql: string): KnownStatement => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const { name, attributes } = describeStatement(sql, options.system)
    const statement = { name, attributes: { ...common, ...attributes }, prepared: undefined }
    if (statements.size < maxStatements && sql.length <= maxKnownLength) statements.set(sql, statement)
    return statement
  }
  return ({ query, queryDurationMillis, error, level }) => {
    const endTime = performance.now()
    const span = startSpan(statementOf(query.sql), Math.max(0, endTime - queryDurationMillis))
    if (level === 'error') {
      const code = errorCode(error)
      if (code !== undefined) span.setAttribute('db.response.status_code', code)
      span.setAttribute('error.type', code ?? errorName(error))
      span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) ?? 'the query failed' })
    }
    span.end(endTime)
  }
}

/** A statement's text is the largest part of most traces: spans of ours take it as bytes. */
function startSpan(statement: KnownStatement, startTime: number): Span {
  const tracer = currentTracer()
  const { name, attributes } = statement
  const options = { kind: SpanKind.CLIENT, startTime, attributes }
  if (!(tracer instanceof Tracer)) return tracer.startSpan(name, options)
  statement.prepared ??= prepareAttributes(
    Object.entries(attributes).flatMap(([key, value]): AttributeList => [attributeKey(key), value]),
  )
  return tracer.start(name, options, activeContext(), statement.prepared)
}
