/**
 * An expression as a condition on rows of `spans`. Parts about the trace become sets of trace ids, so that the condition stands wherever
 * one on a span does. Everything is about spans that began in the time range: needs the parameters `from` and `to`.
 */

import { type AttributeTest, attributeOwners, attributeSql, textSql } from '../attribute-sql.ts'
import type { Binder } from '../binder.ts'
import type {
  AttributeCondition,
  Condition,
  Expression,
  SpanCondition,
  TraceCondition,
} from './expression.ts'
import { kinds, type SpanFieldName, spanFields, statuses } from './fields.ts'

const inRange = 'start >= {from:UInt64} AND start <= {to:UInt64}'

/**
 * One condition a list entry; all must hold. `rows` is what else must hold of a matching span, so that traces are not looked at as a
 * whole in which none does.
 */
export function expressionSql(expression: Expression, rows: readonly string[], binder: Binder): string[] {
  const operands = expression.type === 'and' ? expression.operands : [expression]
  const ofSpan = operands
    .filter((operand) => !isAboutTrace(operand))
    .map((operand) => sql(operand, binder, []))
  const ofTrace = joinedTraceConditions(operands.filter(isAboutTrace))
  const narrow = [...rows, ...ofSpan]
  return [...ofSpan, ...ofTrace.map((operand) => sql(operand, binder, narrow))]
}

/** Those that look at all spans of a trace do so together. */
function joinedTraceConditions(operands: readonly Expression[]): Expression[] {
  const whole = operands.filter(isOfWholeTrace)
  const others = operands.filter((operand) => !isOfWholeTrace(operand))
  return whole.length < 2 ? [...operands] : [...others, { type: 'and', operands: whole }]
}

function isAboutTrace(expression: Expression): boolean {
  switch (expression.type) {
    case 'and':
    case 'or':
      return expression.operands.some(isAboutTrace)
    case 'not':
      return isAboutTrace(expression.operand)
    default:
      return expression.type === 'spans' || expression.type === 'trace'
  }
}

/** Of conditions on the trace alone. */
function isOfWholeTrace(expression: Expression): boolean {
  switch (expression.type) {
    case 'and':
    case 'or':
      return expression.operands.every(isOfWholeTrace)
    case 'not':
      return isOfWholeTrace(expression.operand)
    default:
      return expression.type === 'trace'
  }
}

function sql(expression: Expression, binder: Binder, narrow: readonly string[]): string {
  if (isOfWholeTrace(expression)) {
    const candidates =
      narrow.length === 0
        ? ''
        : ` AND trace_id IN (SELECT trace_id FROM spans WHERE ${inRange} AND ${narrow.join(' AND ')})`
    return `trace_id IN (SELECT trace_id FROM spans WHERE ${inRange}${candidates}
      GROUP BY trace_id HAVING ${wholeTraceSql(expression, binder)})`
  }
  switch (expression.type) {
    case 'and':
    case 'or':
    case 'not':
      return connected(expression, (operand) => sql(operand, binder, narrow))
    case 'spans':
      return `trace_id IN (SELECT trace_id FROM spans WHERE ${inRange} AND ${sql(expression.operand, binder, [])})`
    default:
      return conditionSql(expression, binder)
  }
}

function connected(
  expression: Extract<Expression, { type: 'and' | 'or' | 'not' }>,
  operandSql: (operand: Expression) => string,
): string {
  if (expression.type === 'not') return `NOT (${operandSql(expression.operand)})`
  return `(${expression.operands.map(operandSql).join(expression.type === 'and' ? ' AND ' : ' OR ')})`
}

function wholeTraceSql(expression: Expression, binder: Binder): string {
  switch (expression.type) {
    case 'and':
    case 'or':
    case 'not':
      return connected(expression, (operand) => wholeTraceSql(operand, binder))
    case 'trace':
      return `${aggregates[expression.field]} ${expression.operator} ${binder.bind('UInt64', expression.value)}`
    default:
      throw new Error(`${expression.type} is not about the whole trace`)
  }
}

/** Spans that are stored twice count once. */
const aggregates: Readonly<Record<TraceCondition['field'], string>> = {
  'trace.duration': '(max(start + toUInt64(greatest(duration, 0))) - min(start))',
  'trace.spans': 'uniqExact(span_id)',
  'trace.errors': 'uniqExactIf(span_id, status = 2)',
  'trace.services': 'uniqExact(service)',
}

function conditionSql(condition: Condition, binder: Binder): string {
  switch (condition.type) {
    case 'span':
      return spanSql(condition, binder)
    case 'attribute':
      return attributeConditionSql(condition, binder)
    case 'text':
      return textSql(condition.value, binder)
    case 'trace':
      throw new Error('a condition on the trace is none on a span')
  }
}

function attributeConditionSql({ of, key, operator, value }: AttributeCondition, binder: Binder): string {
  const owners = of === 'any' ? attributeOwners : [of]
  return attributeSql(owners, key, { operator, value } as AttributeTest, binder)
}

const textColumns = {
  tenant: 'tenant',
  user: 'user',
  service: 'service',
  name: 'name',
  message: 'status_message',
} as const satisfies Partial<Record<SpanFieldName, string>>

function spanSql({ field, operator, value }: SpanCondition, binder: Binder): string {
  switch (spanFields[field]) {
    case 'text':
      return textFieldSql(textColumns[field as keyof typeof textColumns], operator, String(value), binder)
    case 'kind':
    case 'status': {
      if (operator === 'exists') return '1'
      const names: readonly string[] = field === 'kind' ? kinds : statuses
      return numberedSql(field, operator === '!=', names.indexOf(String(value)), names.length, binder)
    }
    case 'flag': {
      if (operator === 'exists') return '1'
      const condition = field === 'root' ? `parent_span_id = toFixedString('', 8)` : 'status = 2'
      return (operator === '=') === value ? condition : `NOT (${condition})`
    }
    case 'duration':
      if (operator === 'exists') return '1'
      // What ended before it began is shown as lasting no time.
      return `greatest(duration, 0) ${operator} ${binder.bind('Int64', value)}`
  }
}

function textFieldSql(
  column: string,
  operator: SpanCondition['operator'],
  value: string,
  binder: Binder,
): string {
  switch (operator) {
    case 'exists':
      return `${column} != ''`
    case '!=':
      return `(${column} != ${binder.bind('String', value)} AND ${column} != '')`
    case '~':
      return `positionCaseInsensitiveUTF8(${column}, ${binder.bind('String', value)}) > 0`
    case '=~':
      return `match(${column}, ${binder.bind('String', value)})`
    default:
      return `${column} = ${binder.bind('String', value)}`
  }
}

/** A number that OTLP does not know counts as its first, as in the views. */
function numberedSql(column: string, not: boolean, number: number, count: number, binder: Binder): string {
  const known = binder.bind('Int32', number)
  const condition =
    number === 0 ? `(${column} <= 0 OR ${column} >= ${binder.bind('Int32', count)})` : `${column} = ${known}`
  return not ? `NOT (${condition})` : condition
}
