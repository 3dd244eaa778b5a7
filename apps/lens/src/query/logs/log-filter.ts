/** What a search of logs asks for, and its translation to conditions of SQL with bound parameters. */

import type { QueryParameters } from '../../store/engine.ts'

export interface LogFilter {
  /** Unix nanoseconds, both inclusive. */
  readonly from: bigint
  readonly to: bigint
  readonly tenant?: string | undefined
  readonly user?: string | undefined
  readonly service?: string | undefined
  readonly eventName?: string | undefined
  /** Of OTLP's severity numbers, the lowest that matches. */
  readonly minSeverity?: number | undefined
  /** Each must occur in the body, in any case, as a whole word; as a part of one when `*` stands before or behind it. */
  readonly words?: readonly string[] | undefined
  /** 32 and 16 hex digits. */
  readonly traceId?: string | undefined
  readonly spanId?: string | undefined
}

export interface LogFilterSql {
  /** Conditions on a row of `logs`, never empty. */
  readonly where: string
  readonly parameters: QueryParameters
}

const equalities = [
  ['tenant', 'tenant'],
  ['user', 'user'],
  ['service', 'service'],
  ['eventName', 'event_name'],
] as const satisfies readonly (readonly [keyof LogFilter, string])[]

export function logFilterSql(filter: LogFilter): LogFilterSql {
  const where = ['time >= {from:UInt64} AND time <= {to:UInt64}']
  const parameters: Record<string, string | bigint | number | readonly string[]> = {
    from: filter.from,
    to: filter.to,
  }
  for (const [field, column] of equalities) {
    const value = filter[field]
    if (value === undefined) continue
    where.push(`${column} = {${field}:String}`)
    parameters[field] = value
  }
  if (filter.minSeverity !== undefined) {
    where.push('severity >= {minSeverity:Int32}')
    parameters.minSeverity = filter.minSeverity
  }
  if (filter.traceId !== undefined) {
    where.push('trace_id = toFixedString(unhex({traceId:String}), 16)')
    parameters.traceId = filter.traceId
  }
  if (filter.spanId !== undefined) {
    where.push('span_id = toFixedString(unhex({spanId:String}), 8)')
    parameters.spanId = filter.spanId
  }
  filter.words?.forEach((word, index) => {
    where.push(...wordConditions(word, index, parameters))
  })
  return { where: where.join(' AND '), parameters }
}

/** What the index's tokens end at: everything of ASCII that is no letter and no digit. */
const separators = /[\0-/:-@[-`{-\x7f]+/

/** The index of words tells which granules cannot match; that the words stand together as asked, the body itself says. */
function wordConditions(word: string, index: number, parameters: Record<string, unknown>): string[] {
  const isPart = word.startsWith('*') || word.endsWith('*')
  const text = word.replace(/^\*+|\*+$/g, '')
  if (text === '') return []
  const conditions: string[] = []
  if (!isPart) {
    text.split(separators).forEach((token, number) => {
      if (token === '') return
      const name = `token${index}_${number}`
      conditions.push(`hasToken(lower(body), {${name}:String})`)
      parameters[name] = lowerAscii(token)
    })
  }
  // One token by itself stands there as asked.
  if (isPart || separators.test(text)) {
    conditions.push(`positionCaseInsensitiveUTF8(body, {word${index}:String}) > 0`)
    parameters[`word${index}`] = text
  }
  return conditions
}

/** As the index does: letters beyond ASCII are found in the case that they are written in. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
