/**
 * What a span says of a SQL statement, by the stable database conventions: the operation, the table and the text without its literals. Called
 * for each statement that is new to the hook of Kysely.
 */
import { redactSql } from '../redact/redact-sql.ts'

export interface Statement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

const maxTextLength = 4096
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
