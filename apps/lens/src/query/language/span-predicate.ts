/**
 * An expression as a function of one span in memory: what the live tail filters by, where no store is asked. It sees one span and no
 * trace: `{ … }` is true of a span that matches by itself, and a condition on the trace cannot be told (`Query.traceScope` says where).
 */

import type { AnyValue, KeyValue } from '@rustok/otlp'
import { encodeAttribute, tokensEqualTo, tokenText } from '../../store/attribute-token.ts'
import type { AttributeCondition, Expression, SpanCondition } from './expression.ts'
import { kinds, statuses } from './fields.ts'
import { compileRegularExpression } from './regular-expression.ts'

/** What queries look at; a StoredSpan is one. */
export interface QueriedSpan {
  readonly tenant: string
  readonly user: string
  readonly service: string
  readonly name: string
  readonly kind: number
  readonly status: number
  readonly statusMessage: string
  readonly durationNano: bigint
  /** Empty for a root span. */
  readonly parentSpanId: string
  readonly attributes: readonly KeyValue[]
  readonly resource: { readonly attributes: readonly KeyValue[] }
  readonly events: readonly { readonly name: string; readonly attributes: readonly KeyValue[] }[]
}

type Predicate = (span: QueriedSpan) => boolean

/** Throws RangeError for a condition on the trace. */
export function spanPredicate(expression: Expression): Predicate {
  switch (expression.type) {
    case 'and': {
      const operands = expression.operands.map(spanPredicate)
      return (span) => operands.every((operand) => operand(span))
    }
    case 'or': {
      const operands = expression.operands.map(spanPredicate)
      return (span) => operands.some((operand) => operand(span))
    }
    case 'not': {
      const operand = spanPredicate(expression.operand)
      return (span) => !operand(span)
    }
    case 'spans':
      return spanPredicate(expression.operand)
    case 'span':
      return fieldPredicate(expression)
    case 'attribute':
      return attributePredicate(expression)
    case 'text':
      return textPredicate(expression.value)
    case 'trace':
      throw new RangeError(`${expression.field} is about a trace, not about a span`)
  }
}

function fieldPredicate({ field, operator, value }: SpanCondition): Predicate {
  switch (field) {
    case 'kind':
      return named((span) => kinds[span.kind] ?? kinds[0], operator, value)
    case 'status':
      return named((span) => statuses[span.status] ?? statuses[0], operator, value)
    case 'root':
      return named((span) => span.parentSpanId === '', operator, value)
    case 'error':
      return named((span) => span.status === 2, operator, value)
    case 'duration': {
      const compare = comparison(operator, BigInt(value))
      return ({ durationNano }) => compare(durationNano > 0n ? durationNano : 0n)
    }
    default: {
      const read = field === 'message' ? 'statusMessage' : field
      const matches = textTest(operator, String(value))
      const mayBeEmpty = operator !== 'exists' && operator !== '!='
      return (span) => (mayBeEmpty || span[read] !== '') && matches(span[read])
    }
  }
}

function named(
  read: (span: QueriedSpan) => string | boolean,
  operator: SpanCondition['operator'],
  value: SpanCondition['value'],
): Predicate {
  if (operator === 'exists') return () => true
  return operator === '!=' ? (span) => read(span) !== value : (span) => read(span) === value
}

function attributePredicate(condition: AttributeCondition): Predicate {
  const matches = valueTest(condition)
  const has = (attributes: readonly KeyValue[]) =>
    attributes.some(({ key, value }) => key === condition.key && matches(value))
  const ofEvent = ({ events }: QueriedSpan) =>
    events.some(({ name, attributes }) => has([{ key: 'name', value: name }]) || has(attributes))
  switch (condition.of) {
    case 'span':
      return ({ attributes }) => has(attributes)
    case 'resource':
      return ({ resource }) => has(resource.attributes)
    case 'event':
      return ofEvent
    case 'any':
      return (span) => has(span.attributes) || has(span.resource.attributes) || ofEvent(span)
  }
}

function valueTest({ key, operator, value }: AttributeCondition): (value: AnyValue) => boolean {
  switch (operator) {
    case 'exists':
      return () => true
    case '=':
    case '!=': {
      const tokens = new Set(tokensEqualTo(key, String(value)))
      return (found) => tokens.has(encodeAttribute({ key, value: found })) === (operator === '=')
    }
    case '~':
    case '=~': {
      const matches = textTest(operator, String(value))
      return (found) => matches(tokenText(found))
    }
    default: {
      const compareWhole = typeof value === 'bigint' ? comparison(operator, value) : undefined
      const compare = comparison(operator, Number(value))
      return (found) => {
        if (typeof found === 'bigint') return compareWhole?.(found) ?? compare(Number(found))
        return typeof found === 'number' && compare(found)
      }
    }
  }
}

function textPredicate(text: string): Predicate {
  const matches = textTest('~', text)
  const inValues = (attributes: readonly KeyValue[]) =>
    attributes.some(({ value }) => matches(tokenText(value)))
  return (span) =>
    matches(span.name) ||
    matches(span.statusMessage) ||
    inValues(span.attributes) ||
    span.events.some(({ name, attributes }) => matches(name) || inValues(attributes))
}

function textTest(operator: SpanCondition['operator'], value: string): (text: string) => boolean {
  switch (operator) {
    case '=':
      return (text) => text === value
    case '!=':
      return (text) => text !== value
    case '~': {
      const lower = value.toLowerCase()
      return (text) => text.toLowerCase().includes(lower)
    }
    case '=~': {
      const expression = compileRegularExpression(value)
      if (typeof expression === 'string') throw new RangeError(expression)
      return (text) => expression.test(text)
    }
    default:
      return () => true
  }
}

function comparison<Value extends bigint | number>(
  operator: SpanCondition['operator'],
  value: Value,
): (found: Value) => boolean {
  switch (operator) {
    case '=':
      return (found) => found === value
    case '!=':
      return (found) => found !== value
    case '<':
      return (found) => found < value
    case '<=':
      return (found) => found <= value
    case '>':
      return (found) => found > value
    case '>=':
      return (found) => found >= value
    default:
      return () => true
  }
}
