/**
 * A CLIENT span for every query that Kysely runs, from its log hook, by the stable database conventions:
 * `new Kysely({ dialect, log: kyselyTracing({ system: 'postgresql' }) })`. Kysely calls the hook when a query is done, in the caller's
 * context, so the span is made after the fact.
 */
import { SpanKind, type SpanOptions, SpanStatusCode, trace } from '@opentelemetry/api'
import { errorCode, errorMessage, errorName } from '../trace/exception.ts'
import { describeStatement, type Statement } from './sql-statement.ts'

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

export function kyselyTracing(options: KyselyTracingOptions): (event: KyselyLogEvent) => void {
  const statements = new Map<string, Statement>()
  const common = {
    'db.system.name': options.system,
    ...(options.namespace !== undefined && { 'db.namespace': options.namespace }),
    ...(options.serverAddress !== undefined && { 'server.address': options.serverAddress }),
    ...(options.serverPort !== undefined && { 'server.port': options.serverPort }),
  }
  return ({ query, queryDurationMillis, error, level }) => {
    const endTime = performance.now()
    let statement = statements.get(query.sql)
    if (statement === undefined) {
      statement = describeStatement(query.sql, options.system)
      if (statements.size < maxStatements && query.sql.length <= maxKnownLength)
        statements.set(query.sql, statement)
    }
    const spanOptions: SpanOptions = {
      kind: SpanKind.CLIENT,
      startTime: Math.max(0, endTime - queryDurationMillis),
      attributes: { ...common, ...statement.attributes },
    }
    const span = trace.getTracer('@rustok/telemetry/kysely', '0.1.0').startSpan(statement.name, spanOptions)
    if (level === 'error') {
      const code = errorCode(error)
      if (code !== undefined) span.setAttribute('db.response.status_code', code)
      span.setAttribute('error.type', code ?? errorName(error))
      span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) ?? 'the query failed' })
    }
    span.end(endTime)
  }
}
