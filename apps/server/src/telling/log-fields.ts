/**
 * The fields that a log line may have. A field that is not here is not written: who adds one to a line adds it here, and thinks of what it
 * may hold then. None holds what clients send.
 */
import { WITHHELD } from './told.ts'

type Field = (value: unknown) => unknown

const MAX_LENGTH = 300

/** Of our own making: a name, an id, a number, a switch, or a list of them. */
const plain: Field = (value) => {
  if (typeof value === 'string') return value.length > MAX_LENGTH ? WITHHELD : value
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined) return value
  return Array.isArray(value) ? value.map(plain) : WITHHELD
}
/** What `tellError` makes of it. */
const error: Field = (value) => value

const fields: ReadonlyMap<string, Field> = new Map([
  ['err', error],
  ...[
    ['pid', 'request_id', 'trace_id', 'span_id', 'trace_flags', 'tenant_id', 'user_id'],
    ['method', 'route', 'status', 'duration_ms'],
    ['url', 'engine', 'demo', 'bus', 'login', 'migrations', 'kids', 'variable', 'meant'],
    ['handler', 'event_type', 'event_id', 'part', 'check', 'step', 'clean', 'reason', 'table', 'rows'],
  ]
    .flat()
    .map((name): [string, Field] => [name, plain]),
])

/** What of a line's fields may be written. */
export function tellFields(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, (fields.get(name) ?? withhold)(value)]),
  )
}

function withhold(): string {
  return WITHHELD
}
