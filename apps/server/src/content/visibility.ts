/** Who sees which nodes, and who may change them. */
import type { NodeStatus } from '../db/schema.ts'
import { permits } from '../identity/permissions.ts'
import type { Principal } from '../identity/principal.ts'
import type { ContentNode } from './content-node.ts'

/** Those who write see each other's drafts; everybody else what is published. */
export function seesDrafts(principal: Principal): boolean {
  return permits(principal, 'content:write') || permits(principal, 'content:publish')
}

/** Of those that are asked for, or of all but the archive. */
export function visibleStatuses(principal: Principal, asked: NodeStatus | undefined): readonly NodeStatus[] {
  const visible: readonly NodeStatus[] = seesDrafts(principal)
    ? ['draft', 'published', 'archived']
    : ['published']
  return visible.filter((status) => (asked === undefined ? status !== 'archived' : status === asked))
}

export function mayChange(principal: Principal, node: ContentNode): boolean {
  if (permits(principal, 'content:publish')) return true
  return node.authorId === principal.userId && permits(principal, 'content:write')
}
