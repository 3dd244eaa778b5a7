/** One condition of a query: a comparison, `has(key)`, or words to look for. */

import type { Condition, Not, Operator } from './expression.ts'
import { isTraceField } from './fields.ts'
import { type Field, parseField, spanFieldOf } from './parse-field.ts'
import { attributeValue, spanValue, traceValue } from './parse-value.ts'
import type { TokenReader } from './token-reader.ts'
import type { Token } from './tokens.ts'

const operators = ['=', '!=', '<', '<=', '>', '>=', '~', '=~'] as const satisfies readonly Operator[]

/** `key != *` is a `Not`. */
export function parseCondition(tokens: TokenReader): Condition | Not {
  const first = tokens.next
  if (first.type !== 'word' && first.type !== 'string') {
    throw tokens.error(
      first.value === '}' || first.value === ')' || first.type === 'end'
        ? 'expected a condition, such as service = checkout'
        : 'expected a field before the operator, such as service = checkout',
    )
  }
  const { afterNext } = tokens
  if (first.type === 'word' && first.value.toLowerCase() === 'has' && afterNext.value === '(') {
    return parseHas(tokens)
  }
  const isKey = first.value.endsWith('.') && afterNext.type === 'string' && afterNext.start === first.end
  if (!isKey && !isComparison(afterNext)) return parseText(tokens)
  return parseComparison(tokens)
}

function isComparison({ type, value }: Token): boolean {
  return type === 'operator' && (value === '==' || value === '!~' || operators.some((one) => one === value))
}

function parseHas(tokens: TokenReader): Condition {
  tokens.take()
  const open = tokens.take()
  const name = tokens.next
  if (name.type !== 'word' && name.type !== 'string') throw tokens.error('expected a field or a key')
  const field = parseField(tokens)
  if (!tokens.takeOperator(')')) throw tokens.error('expected a closing )', open)
  return existence(field, name, tokens)
}

function existence(field: Field, name: Token, tokens: TokenReader): Condition {
  if (field.type === 'trace') throw tokens.error(`every trace has ${field.name}`, name)
  return field.type === 'span'
    ? { type: 'span', field: field.name, operator: 'exists', value: '' }
    : { type: 'attribute', of: field.of, key: field.key, operator: 'exists', value: '' }
}

function parseText(tokens: TokenReader): Condition {
  const token = tokens.take()
  if (token.type === 'word') refuseLoneField(token, tokens)
  if (token.value.trim() === '') throw tokens.error('expected some text', token)
  return { type: 'text', value: token.value }
}

/** A word that is a field's name is a comparison that is not finished, rather than text to look for. */
function refuseLoneField(token: Token, tokens: TokenReader): void {
  const word = token.value.toLowerCase()
  const [field = '', rest] = word.split(':', 2)
  if (rest !== undefined && spanFieldOf(field) !== undefined) {
    throw tokens.error(`comparisons are written with =, as in ${field} = ${rest || 'checkout'}`, token)
  }
  if (spanFieldOf(word) !== undefined || isTraceField(word) || /^(span|resource|event)\../.test(word)) {
    throw tokens.error(
      `expected a comparison after ${token.value}; as text to look for, it needs quotes`,
      token,
    )
  }
}

function parseComparison(tokens: TokenReader): Condition | Not {
  const name = tokens.next
  const field = parseField(tokens)
  const sign = tokens.next
  const operator = parseOperator(tokens)
  const value = tokens.next
  if (value.type !== 'word' && value.type !== 'string')
    throw tokens.error(`expected a value after ${sign.value}`)
  tokens.take()
  if (value.type === 'word' && (operator === '=' || operator === '!=') && value.value.includes('*')) {
    if (value.value !== '*') {
      throw tokens.error(
        '= takes no wildcards: use ~ for a part of the text, =~ for a pattern, or quotes',
        value,
      )
    }
    const operand = existence(field, name, tokens)
    return operator === '=' ? operand : { type: 'not', operand }
  }
  switch (field.type) {
    case 'span':
      return { type: 'span', field: field.name, operator, value: spanValue(field.name, sign, value, tokens) }
    case 'trace': {
      if (operator === '~' || operator === '=~') throw tokens.error(`${field.name} is a number`, sign)
      return { type: 'trace', field: field.name, operator, value: traceValue(field.name, value, tokens) }
    }
    case 'attribute':
      return { ...field, operator, value: attributeValue(operator, value, tokens) }
  }
}

function parseOperator(tokens: TokenReader): Operator {
  const sign = tokens.take()
  if (sign.value === '!~') throw tokens.error('write it as not … ~ …', sign)
  const operator = sign.value === '==' ? '=' : operators.find((one) => one === sign.value)
  if (sign.type !== 'operator' || operator === undefined) {
    throw tokens.error(`expected one of ${operators.join(' ')}`, sign)
  }
  return operator
}
