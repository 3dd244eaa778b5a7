/** Values of a statement's parameters as ClickHouse's HTTP interface has them: text with escapes, lists with quoted text. */

import type { QueryParameters } from '../engine.ts'

// https://clickhouse.com/docs/interfaces/http#cli-queries-with-parameters
export function parameterText(value: QueryParameters[string]): string {
  if (typeof value === 'string') return escaped(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'object') return `[${value.map(element).join(',')}]`
  return String(value)
}

function element(value: string | number): string {
  return typeof value === 'string' ? `'${escaped(value)}'` : String(value)
}

function escaped(text: string): string {
  return text.replace(/[\\'\t\n\r]/g, (character) => escapes[character] ?? character)
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
}
