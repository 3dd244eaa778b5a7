/**
 * What the trace was about, in more words than its root has: "POST /graphql" says little, "mutation CreateOrder" all. Called by
 * the trace's header.
 */
import { findAttribute } from './attributes.ts'
import type { TraceModel } from './trace-model.ts'

/** Spans looked at, from the top: the operation stands near the root. */
const REACH = 60

/** The GraphQL operation near the root: `mutation CreateOrder`. */
export function graphqlOperation(model: TraceModel): string | undefined {
  for (const span of model.tree.order.subarray(0, REACH)) {
    const { attributes } = model.spans[span]!
    const name = findAttribute(attributes, 'graphql.operation.name')
    if (name === undefined || name === '') continue
    return [findAttribute(attributes, 'graphql.operation.type'), name].filter(Boolean).join(' ')
  }
  return undefined
}
