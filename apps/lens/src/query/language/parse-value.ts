/** The value of a comparison, as the type of its field reads it. */

import { parseDuration } from '../../duration.ts'
import type { Operator } from './expression.ts'
import {
  kinds,
  type SpanFieldName,
  spanFields,
  statuses,
  type TraceFieldName,
  traceFields,
} from './fields.ts'
import { nearest } from './nearest.ts'
import { parseNumber } from './number.ts'
import { compileRegularExpression } from './regular-expression.ts'
import type { TokenReader } from './token-reader.ts'
import type { Token } from './tokens.ts'

/** Which operators a type takes; all types take `=` and `!=`. */
const takes = {
  text: ['=', '!=', '~', '=~'],
  kind: ['=', '!='],
  status: ['=', '!='],
  flag: ['=', '!='],
  duration: ['=', '!=', '<', '<=', '>', '>='],
} as const

export function spanValue(
  field: SpanFieldName,
  sign: Token,
  value: Token,
  tokens: TokenReader,
): string | bigint | boolean {
  const type = spanFields[field]
  const operator = sign.value === '==' ? '=' : sign.value
  if (!takes[type].some((one) => one === operator)) {
    throw tokens.error(`${field} takes ${takes[type].join(' ')}`, sign)
  }
  switch (type) {
    case 'text':
      return textValue(operator as Operator, value, tokens)
    case 'kind':
      return oneOf(kinds, value, tokens)
    case 'status':
      return oneOf(statuses, value, tokens)
    case 'flag':
      return oneOf(['true', 'false'], value, tokens) === 'true'
    case 'duration':
      return durationValue(value, tokens)
  }
}

export function traceValue(field: TraceFieldName, value: Token, tokens: TokenReader): bigint {
  if (traceFields[field] === 'duration') return durationValue(value, tokens)
  if (!/^\d{1,15}$/.test(value.value)) throw tokens.error(`expected a count after ${field}`, value)
  return BigInt(value.value)
}

export function attributeValue(
  operator: Operator,
  value: Token,
  tokens: TokenReader,
): string | bigint | number {
  if (!/^[<>]/.test(operator)) return textValue(operator, value, tokens)
  const number = parseNumber(value.value)
  if (number !== undefined) return number
  const hint =
    parseDuration(value.value) === undefined
      ? 'expected a number'
      : 'durations are for duration and trace.duration; an attribute is compared with a number in its own unit'
  throw tokens.error(hint, value)
}

function textValue(operator: Operator, value: Token, tokens: TokenReader): string {
  const text = value.value
  if (!text.isWellFormed()) throw tokens.error('half a character', value)
  if ((operator === '~' || operator === '=~') && text === '') throw tokens.error('expected some text', value)
  if (operator === '=~') {
    const compiled = compileRegularExpression(text)
    if (typeof compiled === 'string')
      throw tokens.error(`not a regular expression of RE2: ${compiled}`, value)
  }
  return text
}

function oneOf<Word extends string>(words: readonly Word[], value: Token, tokens: TokenReader): Word {
  const lower = value.value.toLowerCase()
  const found = words.find((word) => word === lower)
  if (found !== undefined) return found
  const near = nearest(lower, words)
  throw tokens.error(
    near === undefined ? `expected one of ${words.join(', ')}` : `did you mean ${near}?`,
    value,
  )
}

function durationValue(value: Token, tokens: TokenReader): bigint {
  const nanoseconds = parseDuration(value.value)
  if (nanoseconds === undefined) throw tokens.error('expected a duration, such as 150ms, 1.5s or 2m', value)
  return nanoseconds
}
