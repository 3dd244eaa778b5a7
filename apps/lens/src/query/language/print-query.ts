/** An expression as the text that `parseQuery` reads it from: to normalise, to show, and to build queries by program. */

import type { Condition, Expression } from './expression.ts'

export function printQuery(expression: Expression): string {
  switch (expression.type) {
    case 'and':
      return expression.operands.map((operand) => bracketed(operand, operand.type === 'or')).join(' and ')
    case 'or':
      return expression.operands.map(printQuery).join(' or ')
    case 'not': {
      const { operand } = expression
      return `not ${bracketed(operand, operand.type === 'and' || operand.type === 'or')}`
    }
    case 'spans':
      return `{ ${printQuery(expression.operand)} }`
    default:
      return printCondition(expression)
  }
}

function bracketed(expression: Expression, brackets: boolean): string {
  return brackets ? `(${printQuery(expression)})` : printQuery(expression)
}

function printCondition(condition: Condition): string {
  if (condition.type === 'text') return quoted(condition.value)
  const field = printField(condition)
  if (condition.operator === 'exists') return `has(${field})`
  return `${field} ${condition.operator} ${printValue(condition)}`
}

function printField(condition: Exclude<Condition, { type: 'text' }>): string {
  if (condition.type !== 'attribute') return condition.field
  const { of, key } = condition
  const printed = plainKey.test(key) && !reserved.test(key) ? key : quoted(key)
  return of === 'any' ? printed : `${of}.${printed}`
}

/** With a dot, or it could be a field's name, now or later. */
const plainKey = /^[a-z][\w-]*(\.[\w-]+)+$/i
const reserved = /^(span|resource|event|trace|status)\./i

function printValue(condition: Exclude<Condition, { type: 'text' }>): string {
  const { value } = condition
  if (typeof value === 'string') return /^[\w./@-]+$/.test(value) ? value : quoted(value)
  const isDuration =
    typeof value === 'bigint' &&
    ((condition.type === 'span' && condition.field === 'duration') ||
      (condition.type === 'trace' && condition.field === 'trace.duration'))
  return isDuration ? printDuration(value) : String(value)
}

const units = [
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
  ['us', 1_000n],
  ['ns', 1n],
] as const

/** In the largest unit of which it is a whole number. */
function printDuration(nanoseconds: bigint): string {
  const [name, size] = units.find(([, size]) => nanoseconds % size === 0n) ?? units[3]
  return `${nanoseconds / size}${name}`
}

function quoted(text: string): string {
  return `"${text.replace(/["\\\n\r\t]/g, (character) => printedEscapes[character] ?? `\\${character}`)}"`
}

const printedEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
