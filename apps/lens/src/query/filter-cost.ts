/** What a filter makes the store read, by which a search chooses its way. */

import type { TraceFilter } from './filter.ts'
import type { Expression } from './language/expression.ts'

export type FilterCost =
  /** Conditions on columns, and attributes that an index knows. */
  | 'indexed'
  /** Attributes of every span that it looks at. */
  | 'attributes'
  /** Sets of traces, each made of all spans in the range of time, whatever else is looked at. */
  | 'traces'

export function filterCost({ words = [], query }: TraceFilter): FilterCost {
  const ofQuery = query === undefined ? 'indexed' : expressionCost(query.expression)
  return ofQuery === 'indexed' && words.length > 0 ? 'attributes' : ofQuery
}

function expressionCost(expression: Expression): FilterCost {
  switch (expression.type) {
    case 'and':
    case 'or': {
      const costs = expression.operands.map(expressionCost)
      return (
        costs.find((cost) => cost === 'traces') ?? costs.find((cost) => cost === 'attributes') ?? 'indexed'
      )
    }
    case 'not':
      // No index says where something is not.
      if (expression.operand.type === 'span') return 'indexed'
      return expressionCost(expression.operand) === 'traces' ? 'traces' : 'attributes'
    case 'attribute':
      return expression.operator === '=' ? 'indexed' : 'attributes'
    case 'text':
      return 'attributes'
    case 'spans':
    case 'trace':
      return 'traces'
    case 'span':
      return 'indexed'
  }
}
