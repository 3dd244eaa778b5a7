/** What a filter makes the store read, by which a search chooses its way. */

import type { AttributeTest } from './attribute-sql.ts'
import { type KnownTokens, tokensKey } from './binder.ts'
import type { TraceFilter } from './filter.ts'
import type { AttributeOwner, Expression } from './language/expression.ts'

export type FilterCost =
  /** Conditions on columns, and attributes that an index knows. */
  | 'indexed'
  /** Attributes of every span that it looks at. */
  | 'attributes'
  /** Sets of traces, each made of all spans in the range of time, whatever else is looked at. */
  | 'traces'

export function filterCost({ words = [], query, tokens = new Map() }: TraceFilter): FilterCost {
  const ofQuery = query === undefined ? 'indexed' : expressionCost(query.expression, tokens)
  const isIndexed = words.every((word) => areKnown(tokens, tokensKey.text(word), 'any'))
  return ofQuery === 'indexed' && !isIndexed ? 'attributes' : ofQuery
}

type Tokens = ReadonlyMap<string, KnownTokens>

function areKnown(tokens: Tokens, key: string, of: AttributeOwner): boolean {
  const known = tokens.get(key)
  const owners = of === 'any' ? (['span', 'event'] as const) : of === 'resource' ? [] : [of]
  return owners.every((owner) => known?.[owner] !== undefined)
}

function expressionCost(expression: Expression, tokens: Tokens): FilterCost {
  switch (expression.type) {
    case 'and':
    case 'or': {
      const costs = expression.operands.map((operand) => expressionCost(operand, tokens))
      return (
        costs.find((cost) => cost === 'traces') ?? costs.find((cost) => cost === 'attributes') ?? 'indexed'
      )
    }
    case 'not':
      // No index says where something is not.
      if (expression.operand.type === 'span') return 'indexed'
      return expressionCost(expression.operand, tokens) === 'traces' ? 'traces' : 'attributes'
    case 'attribute': {
      const { of, key, operator, value } = expression
      if (operator === '=') return 'indexed'
      const test = { operator, value } as AttributeTest
      return areKnown(tokens, tokensKey.attribute(key, test), of) ? 'indexed' : 'attributes'
    }
    case 'text':
      return areKnown(tokens, tokensKey.text(expression.value), 'any') ? 'indexed' : 'attributes'
    case 'spans':
    case 'trace':
      return 'traces'
    case 'span':
      return 'indexed'
  }
}
