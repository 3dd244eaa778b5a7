/**
 * What logs and spans say of an error: its type and code, where it was thrown, of PostgreSQL's the names of table and constraint; its message
 * only where `told.ts` lets it. All else that an error carries (a row, a query's parameters, a URL) is for nobody.
 */
import { tell } from './told.ts'

export interface ErrorReport {
  readonly type: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: ErrorReport
  /** The first of several, of an AggregateError. */
  readonly errors?: readonly ErrorReport[]
  /** `table`, `constraint` …: identifiers of the schema. */
  readonly [member: string]: unknown
}

const MAX_CAUSES = 5
const MAX_ERRORS = 5
const NAME = /^[A-Za-z_$][\w$]{0,63}$/
/** Node's (ECONNRESET, ERR_INVALID_ARG_TYPE), undici's, Fastify's, NATS', PostgreSQL's. */
const CODE = /^[A-Z\d][A-Z\d_]{1,63}$/
/** Of pg and PGlite alike, which name what `detail` would quote. */
const IDENTIFIERS = ['severity', 'schema', 'table', 'column', 'dataType', 'constraint', 'routine', 'syscall']

/** Never throws, whatever was thrown. */
export function tellError(error: unknown): ErrorReport {
  return report(error, MAX_CAUSES)
}

function report(error: unknown, causes: number): ErrorReport {
  try {
    if (typeof error === 'string') return { type: 'string', message: tell(error) }
    if (typeof error !== 'object' || error === null)
      return { type: typeof error, message: tell(String(error)) }
    const { name, message, code, stack, cause, errors } = error as Readonly<Record<string, unknown>>
    const type = typeof name === 'string' && NAME.test(name) ? name : 'Error'
    return {
      type,
      message: tell(typeof message === 'string' ? message : ''),
      ...(typeof code === 'string' && CODE.test(code) && { code }),
      ...identifiers(error),
      ...(typeof stack === 'string' && { stack: tellStack(stack, message) }),
      ...(cause !== undefined && causes > 0 && { cause: report(cause, causes - 1) }),
      ...(Array.isArray(errors) &&
        causes > 0 && { errors: errors.slice(0, MAX_ERRORS).map((one) => report(one, 0)) }),
    }
  } catch {
    return { type: 'unreadable', message: tell('') }
  }
}

function identifiers(error: object): Record<string, string> {
  const found = Object.entries(error).filter(([key, value]) => IDENTIFIERS.includes(key) && isName(value))
  return Object.fromEntries(found)
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && NAME.test(value)
}

/** A place in a file or in Node itself; functions are named by code. */
const FRAME =
  /^ {4}at (?:[\w$.<>#[\] ]{1,200} \()?(?:async )?(?:(?:file:\/\/|node:|wasm:\/\/|\/)[^\s()]{1,500}|<anonymous>|native|index \d+)(?::\d+:\d+)?\)?$/
const HEADER = /^([A-Za-z_$][\w$]{0,63})(?: \[[A-Z\d_]{1,64}\])?(?:: |$)/

/** Name, message as far as it may be told, and frames. `message` is the error's, where it is known. */
export function tellStack(stack: string, message?: unknown): string {
  const rest = typeof message === 'string' ? withoutMessage(stack, message) : stack
  const lines = rest.split('\n')
  // From the end, as long as they are frames: a message may have lines that look like some.
  const begin = lines.findLastIndex((line) => !FRAME.test(line)) + 1
  const text = typeof message === 'string' ? message : lines.slice(0, begin).join('\n').replace(HEADER, '')
  const type = HEADER.exec(stack)?.[1] ?? 'Error'
  return [text === '' ? type : `${type}: ${tell(text)}`, ...lines.slice(begin)].join('\n')
}

/** Which may be no longer the one that the stack begins with. */
function withoutMessage(stack: string, message: string): string {
  const named = stack.indexOf(`: ${message}`)
  return named < 0 ? stack : `${stack.slice(0, named)}${stack.slice(named + 2 + message.length)}`
}
