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

const commonTables = /^\s*with\b/i
const parenthesisOrVerb = /[()]|"[^"]*"|`[^`]*`|\b(?:select|insert|update|delete|merge|values)\b/gi

/** What a statement does once its common table expressions are there: the first verb outside of parentheses, which they all stand in. */
function withoutCommonTables(text: string): string {
  if (!commonTables.test(text)) return text
  let depth = 0
  for (const { 0: token, index } of text.matchAll(parenthesisOrVerb)) {
    if (token === '(') depth += 1
    else if (token === ')') depth -= 1
    else if (depth === 0 && !/^["`]/.test(token)) return text.slice(index)
  }
  return text
}

/** Operation, table and redacted text of a statement; the span is named after the first two. */
export function describeStatement(sql: string, system: string): Statement {
  const redacted = redactSql(sql, system)
  const text = redacted.length > maxTextLength ? `${redacted.slice(0, maxTextLength)}…` : redacted
  const main = withoutCommonTables(text)
  const operation = (/^\W*(\w+)/.exec(main)?.[1] ?? 'SQL').toUpperCase()
  const [, first, second] = target.exec(main.replace(parenthesised, '()')) ?? []
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
