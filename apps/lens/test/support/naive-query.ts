/** What the query language means, said once more without regard to speed: tests compare the store and the live predicate with it. */

import type { AnyValue, KeyValue } from '@rustok/otlp'
import type { AttributeCondition, Expression, Operator } from '../../src/query/language/expression.ts'

export interface NaiveSpan {
  readonly traceId: string
  readonly spanId: string
  readonly start: bigint
  readonly duration: bigint
  readonly root: boolean
  readonly tenant: string
  readonly user: string
  readonly service: string
  readonly name: string
  readonly kind: number
  readonly status: number
  readonly message: string
  readonly of: Readonly<Record<'span' | 'resource' | 'event', readonly KeyValue[]>>
  readonly eventNames: readonly string[]
}

/** Of which some span matches. */
export function matchingTraces(spans: readonly NaiveSpan[], expression: Expression): string[] {
  const traces = Map.groupBy(spans, ({ traceId }) => traceId)
  const matching = [...traces].filter(([, trace]) => trace.some((span) => matches(expression, span, trace)))
  return matching.map(([traceId]) => traceId).sort()
}

function matches(expression: Expression, span: NaiveSpan, trace: readonly NaiveSpan[]): boolean {
  switch (expression.type) {
    case 'and':
      return expression.operands.every((operand) => matches(operand, span, trace))
    case 'or':
      return expression.operands.some((operand) => matches(operand, span, trace))
    case 'not':
      return !matches(expression.operand, span, trace)
    case 'spans':
      return trace.some((other) => matches(expression.operand, other, trace))
    case 'text': {
      const texts = [...span.of.span, ...span.of.event].map(({ value }) => textOf(value))
      return [span.name, span.message, ...span.eventNames, ...texts].some((text) =>
        passes('~', text, expression.value),
      )
    }
    case 'trace': {
      const end = (one: NaiveSpan) => one.start + (one.duration > 0n ? one.duration : 0n)
      const values = {
        'trace.duration': max(trace.map(end)) + max(trace.map(({ start }) => -start)),
        'trace.spans': BigInt(new Set(trace.map(({ spanId }) => spanId)).size),
        'trace.errors': BigInt(
          new Set(trace.filter(({ status }) => status === 2).map(({ spanId }) => spanId)).size,
        ),
        'trace.services': BigInt(new Set(trace.map(({ service }) => service)).size),
      }
      return passes(expression.operator, values[expression.field], expression.value)
    }
    case 'attribute':
      return attributeMatches(expression, span)
    case 'span': {
      const { field, operator, value } = expression
      const values = {
        ...span,
        kind:
          ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'][span.kind] ?? 'unspecified',
        status: ['unset', 'ok', 'error'][span.status] ?? 'unset',
        error: span.status === 2,
        duration: span.duration > 0n ? span.duration : 0n,
      }
      const found = values[field]
      if (operator === 'exists') return found !== ''
      return passes(operator, found, value) && !(operator === '!=' && found === '')
    }
  }
}

function attributeMatches({ of, key, operator, value }: AttributeCondition, span: NaiveSpan): boolean {
  const names = span.eventNames.map((name) => ({ key: 'name', value: name }))
  const lists = { ...span.of, event: [...names, ...span.of.event] }
  const attributes = of === 'any' ? Object.values(lists).flat() : lists[of]
  return attributes.some((attribute) => {
    if (attribute.key !== key) return false
    switch (operator) {
      case 'exists':
        return true
      case '=':
        return equals(attribute.value, String(value))
      case '!=':
        return !equals(attribute.value, String(value))
      case '~':
      case '=~':
        return passes(operator, textOf(attribute.value), String(value))
      default: {
        const found = attribute.value
        if (typeof found === 'bigint' && typeof value === 'bigint') return passes(operator, found, value)
        return (
          (typeof found === 'bigint' || typeof found === 'number') &&
          passes(operator, Number(found), Number(value))
        )
      }
    }
  })
}

/** Text equals text; a number every way to write it; true and false their names. Lists and bytes equal nothing. */
function equals(found: AnyValue, text: string): boolean {
  switch (typeof found) {
    case 'string':
      return found === text
    case 'bigint':
      return /^-?\d{1,19}$/.test(text) && BigInt(text) === found
    case 'number':
      return Number.isNaN(found) ? text === 'NaN' : text.trim() !== '' && Object.is(Number(text), found)
    case 'boolean':
      return text === String(found)
    default:
      return false
  }
}

function textOf(value: AnyValue): string {
  return Array.isArray(value) ? JSON.stringify(value) : String(value ?? '')
}

function passes(operator: Operator, found: string | bigint | number | boolean, value: typeof found): boolean {
  switch (operator) {
    case '=':
      return found === value
    case '!=':
      return found !== value
    case '<':
      return found < value
    case '<=':
      return found <= value
    case '>':
      return found > value
    case '>=':
      return found >= value
    case '~':
      return String(found).toLowerCase().includes(String(value).toLowerCase())
    case '=~':
      return new RegExp(String(value), 'su').test(String(found))
  }
}

function max(values: readonly bigint[]): bigint {
  return values.reduce((largest, value) => (value > largest ? value : largest))
}
