/**
 * The query language as a tree: what `parseQuery` makes of text, `printQuery` turns back into text, `expressionSql` into conditions and
 * `spanPredicate` into a function. docs/QUERY_LANGUAGE.md describes the language.
 */

import type { SpanFieldName, TraceFieldName } from './fields.ts'

/**
 * Conditions on spans outside `Spans` are all about one span; `Spans` and the conditions on the trace are the same for every span of
 * a trace. The tree is flat: no `And` stands directly in an `And`, no `Or` in an `Or`.
 */
export type Expression = And | Or | Not | Spans | Condition

export interface And {
  readonly type: 'and'
  /** Two or more. */
  readonly operands: readonly Expression[]
}

export interface Or {
  readonly type: 'or'
  readonly operands: readonly Expression[]
}

export interface Not {
  readonly type: 'not'
  readonly operand: Expression
}

/** `{ … }`: some span of the trace matches all by itself. Holds no other `Spans` and no condition on the trace. */
export interface Spans {
  readonly type: 'spans'
  readonly operand: Expression
}

export type Condition = SpanCondition | AttributeCondition | TraceCondition | TextCondition

/** `value` is a string for texts, kinds and statuses, nanoseconds for durations, a boolean for flags. No value: the field is there. */
export interface SpanCondition {
  readonly type: 'span'
  readonly field: SpanFieldName
  readonly operator: Operator | 'exists'
  readonly value: string | bigint | boolean
}

/** `value` is text for `=`, `!=`, `~` and `=~`, whatever the attribute's type; a number for the others, a bigint if it is whole. */
export interface AttributeCondition {
  readonly type: 'attribute'
  readonly of: AttributeOwner
  readonly key: string
  readonly operator: Operator | 'exists'
  readonly value: string | bigint | number
}

export type AttributeOwner = 'any' | 'span' | 'resource' | 'event'

/** `value` is a count, or nanoseconds. */
export interface TraceCondition {
  readonly type: 'trace'
  readonly field: TraceFieldName
  readonly operator: RangeOperator | '=' | '!='
  readonly value: bigint
}

/** The words are in a name, a message, an event or an attribute's value of the span, in any case. */
export interface TextCondition {
  readonly type: 'text'
  readonly value: string
}

export type RangeOperator = '<' | '<=' | '>' | '>='
/** `~`: contains, in any case. `=~`: a regular expression finds something. */
export type Operator = RangeOperator | '=' | '!=' | '~' | '=~'

export interface Query {
  readonly text: string
  readonly expression: Expression
  /** Where the first part stands that is about the trace and not about a span, for those who see spans alone. */
  readonly traceScope: Range | undefined
}

/** In UTF-16 code units, as text fields count: `column` from 1. */
export interface Range {
  readonly column: number
  readonly length: number
}
