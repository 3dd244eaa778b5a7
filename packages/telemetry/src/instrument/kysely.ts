/**
 * A CLIENT span for every query that Kysely runs, from its log hook, by the stable database conventions:
 * `new Kysely({ dialect, log: kyselyTracing({ system: 'postgresql' }) })`. Kysely calls the hook when a query is done, in the caller's
 * context, so the span is made after the fact.
 */
import { SpanKind, type SpanOptions, SpanStatusCode, trace } from '@opentelemetry/api'
import { errorCode, errorMessage, errorName } from '../trace/exception.ts'
import { redactSql } from './redact-sql.ts'

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

interface Statement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Statements are built from code and so are few; a program that puts values into its SQL stops filling the table here. */
const maxStatements = 2048
/** Of the text in a span, and of a statement that is remembered. */
const maxTextLength = 4096

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
      if (statements.size < maxStatements && query.sql.length <= maxTextLength)
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

const target =
  /(?<!\bdistinct\s+)\b(?:from|into|update|join|table(?:\s+if\s+(?:not\s+)?exists)?)\s+["`]?([\w$]+)["`]?(?:\.["`]?([\w$]+)["`]?)?/i
/** Columns, values and calls such as `extract(year from created_at)`; a subquery is none. */
const parenthesised = /\((?![^()]*\bselect\b)[^()]*\)/gi

/** Operation, table and redacted text of a statement; the span is named after the first two. */
export function describeStatement(sql: string, system: string): Statement {
  const redacted = redactSql(sql, system)
  const text = redacted.length > maxTextLength ? `${redacted.slice(0, maxTextLength)}…` : redacted
  const operation = (/^\W*(\w+)/.exec(text)?.[1] ?? 'SQL').toUpperCase()
  const [, first, second] = target.exec(text.replace(parenthesised, '()')) ?? []
  const collection = second ?? first
  return {
    name: collection === undefined ? operation : `${operation} ${collection}`,
    attributes: {
      'db.operation.name': operation,
      ...(collection !== undefined && { 'db.collection.name': collection }),
      'db.query.text': text,
    },
  }
}
