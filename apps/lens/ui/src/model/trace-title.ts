/**
 * What the trace was about, in more words than its root has: "POST /graphql" says little, "mutation CreateOrder" all. Called by
 * the trace's header.
 */
import { findAttribute } from './attributes.ts'
import type { TraceModel } from './trace-model.ts'

/** Spans looked at, from the top: the operation stands near the root. */
const REACH = 60

/** The GraphQL operation near the root: `mutation CreateOrder`; its span's name where the client gave the operation none. */
export function graphqlOperation(model: TraceModel): string | undefined {
  for (const span of model.tree.order.subarray(0, REACH)) {
    const { attributes, name } = model.spans[span]!
    const type = findAttribute(attributes, 'graphql.operation.type')
    const operation = findAttribute(attributes, 'graphql.operation.name')
    if (operation) return [type, operation].filter(Boolean).join(' ')
    if (type) return name
  }
  return undefined
}
