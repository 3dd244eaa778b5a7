/** Finds spans within one trace by the words that they hold: every span is looked at, which of 100,000 takes some tens of milliseconds. */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { spansOfPlace, withPlace } from './trace-ids.ts'

const most = 10_000

export interface SpanMatches {
  /** By start. */
  readonly spanIds: readonly string[]
  readonly total: number
}

export async function matchSpans(
  engine: StoreEngine,
  traceId: string,
  words: readonly string[],
  options?: QueryOptions,
): Promise<SpanMatches> {
  const parameters: Record<string, string> = { id: traceId }
  const conditions = words.map((word, at) => {
    const equals = word.indexOf('=')
    if (equals > 0) {
      parameters[`key${at}`] = word.slice(0, equals)
      parameters[`value${at}`] = word.slice(equals + 1)
      const key = `{key${at}:String}`
      // A token is the key, `:`, the value's type, `=` and the value.
      return `arrayExists(a -> startsWith(a, concat(${key}, ':')) AND startsWith(lower(substring(a, length(${key}) + 4)), lower({value${at}:String})), attributes)`
    }
    parameters[`word${at}`] = word
    const holds = (text: string) => `positionCaseInsensitiveUTF8(${text}, {word${at}:String}) > 0`
    return `(${holds('toString(name)')} OR ${holds('status_message')} OR arrayExists(a -> ${holds('a')}, attributes)
      OR arrayExists(e -> arrayExists(a -> ${holds('a')}, e), events))`
  })
  const { rows, rowsBeforeLimit } = await engine.query<{ spanId: string }>(
    `${withPlace} SELECT spanId FROM (
       SELECT lower(hex(span_id)) AS spanId, start FROM spans WHERE ${[spansOfPlace, ...conditions].join(' AND ')} ORDER BY start, span_id LIMIT 1 BY span_id
     ) ORDER BY start, spanId LIMIT ${most}`,
    parameters,
    options,
  )
  return { spanIds: rows.map(({ spanId }) => spanId), total: Math.max(rows.length, rowsBeforeLimit) }
}
