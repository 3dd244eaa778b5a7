/** Generated expressions of the query language, as the parser would make them: flat, and without what it refuses. */

import fc from 'fast-check'
import type {
  AttributeOwner,
  Condition,
  Expression,
  Operator,
  SpanCondition,
  TraceCondition,
} from '../../src/query/language/expression.ts'

export interface Words {
  readonly keys: fc.Arbitrary<string>
  readonly texts: fc.Arbitrary<string>
  readonly numbers: fc.Arbitrary<bigint | number>
  readonly durations: fc.Arbitrary<bigint>
  readonly patterns: fc.Arbitrary<string>
}

const ranges = ['<', '<=', '>', '>='] as const
const orderings: readonly Operator[] = ['=', '!=', ...ranges]

export function arbitraryExpression(words: Words): fc.Arbitrary<Expression> {
  const spanCondition = fc.oneof(spanConditions(words), attributeConditions(words), textCondition(words))
  return fc.letrec<{ ofSpan: Expression; ofTrace: Expression }>((tie) => ({
    ofSpan: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      spanCondition,
      joined(tie('ofSpan')),
      negated(tie('ofSpan')),
    ),
    ofTrace: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      spanCondition,
      traceConditions(words),
      tie('ofSpan').map((operand) => ({ type: 'spans', operand }) as const),
      joined(tie('ofTrace')),
      negated(tie('ofTrace')),
    ),
  })).ofTrace
}

function joined(operand: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  return fc
    .tuple(fc.constantFrom('and', 'or'), fc.array(operand, { minLength: 2, maxLength: 3 }))
    .map(([type, operands]) => ({
      type,
      operands: operands.flatMap((one) => (one.type === type ? one.operands : [one])),
    }))
}

function negated(operand: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  return operand.map((one) => (one.type === 'not' ? one.operand : { type: 'not', operand: one }))
}

function spanConditions({ texts, durations, patterns }: Words): fc.Arbitrary<SpanCondition> {
  const text = fc.constantFrom('tenant', 'user', 'service', 'name', 'message')
  const condition = (
    field: fc.Arbitrary<SpanCondition['field']>,
    operator: fc.Arbitrary<SpanCondition['operator']>,
    value: fc.Arbitrary<SpanCondition['value']>,
  ): fc.Arbitrary<SpanCondition> =>
    fc
      .tuple(field, operator, value)
      .map(([field, operator, value]) => ({ type: 'span', field, operator, value }))
  const same = fc.constantFrom('=', '!=')
  return fc.oneof(
    condition(text, same, fc.oneof(texts, fc.constant(''))),
    condition(text, fc.constant('~'), texts),
    condition(text, fc.constant('=~'), patterns),
    condition(text, fc.constant('exists'), fc.constant('')),
    condition(
      fc.constant('kind'),
      same,
      fc.constantFrom('unspecified', 'internal', 'server', 'client', 'producer', 'consumer'),
    ),
    condition(fc.constant('status'), same, fc.constantFrom('unset', 'ok', 'error')),
    condition(fc.constantFrom('root', 'error'), same, fc.boolean()),
    condition(fc.constant('duration'), fc.constantFrom(...orderings), durations),
  )
}

function attributeConditions({ keys, texts, numbers, patterns }: Words): fc.Arbitrary<Condition> {
  const owner = fc.constantFrom<AttributeOwner[]>('any', 'span', 'resource', 'event')
  const condition = (
    operator: fc.Arbitrary<Operator | 'exists'>,
    value: fc.Arbitrary<string | bigint | number>,
  ): fc.Arbitrary<Condition> =>
    fc
      .tuple(owner, keys, operator, value)
      .map(([of, key, operator, value]) => ({ type: 'attribute', of, key, operator, value }))
  return fc.oneof(
    condition(fc.constantFrom('=', '!='), fc.oneof(texts, numbers.map(String))),
    condition(fc.constant('~'), texts),
    condition(fc.constant('=~'), patterns),
    condition(fc.constantFrom(...ranges), numbers),
    condition(fc.constant('exists'), fc.constant('')),
  )
}

function traceConditions({ durations }: Words): fc.Arbitrary<TraceCondition> {
  const operator = fc.constantFrom(...(orderings as TraceCondition['operator'][]))
  const of = (field: TraceCondition['field'], values: fc.Arbitrary<bigint>) =>
    fc
      .tuple(operator, values)
      .map(([operator, value]): TraceCondition => ({ type: 'trace', field, operator, value }))
  const count = fc.bigInt({ min: 0n, max: 4n })
  return fc.oneof(
    of('trace.duration', durations),
    of('trace.spans', count),
    of('trace.errors', count),
    of('trace.services', count),
  )
}

function textCondition({ texts }: Words): fc.Arbitrary<Condition> {
  return texts.map((value) => ({ type: 'text', value }))
}
