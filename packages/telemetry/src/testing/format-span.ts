/** A span as a line of a tree: `GET /users [server] !error {http.route=/users}`. expected-trace.ts reads the same. */
import type { CapturedSpan, CapturedValue } from './read-spans.ts'

/** The kind is left out for internal spans, the status where it is unset; attributes are those asked for that it has. */
export function formatSpan(span: CapturedSpan, attributes: readonly string[]): string {
  const kind = span.kind === 'internal' ? '' : ` [${span.kind}]`
  const status = span.status === 'unset' ? '' : ` !${span.status}`
  const shown = attributes.filter((key) => key in span.attributes)
  return `${span.name}${kind}${status}${inBraces(shown.map((key) => `${key}=${formatValue(span.attributes[key])}`))}`
}

export function inBraces(attributes: readonly string[]): string {
  return attributes.length === 0 ? '' : ` {${attributes.join(', ')}}`
}

/** Bare where it reads back as it is; text that would not is quoted. */
export function formatValue(value: CapturedValue): string {
  if (typeof value === 'string') return isBare(value) ? value : JSON.stringify(value)
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`
  if (typeof value !== 'object') return String(value)
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part))
}

function isBare(text: string): boolean {
  return text !== '*' && /^[^",{}[\]\s](?:[^",{}[\]\n]*[^",{}[\]\s])?$/.test(text)
}
