/** What content tells the rest of the platform. The data is the contract: add fields, never change or remove them. */
import { defineEvent } from '../events/envelope.ts'

const SOURCE = 'rustok-server/content'

export interface NodeCreated {
  readonly nodeId: string
  readonly title: string
}

export interface NodeUpdated {
  readonly nodeId: string
  readonly version: number
  /** Whether readers see what changed; what is edited beside a published text they do not. */
  readonly live: boolean
}

export interface NodePublished {
  readonly nodeId: string
  readonly title: string
  /** RFC 3339. */
  readonly publishedAt: string
}

export interface NodeUnpublished {
  readonly nodeId: string
}

export interface NodeArchived {
  readonly nodeId: string
  /** And not a draft. */
  readonly wasPublished: boolean
}

/** From the archive; it is a draft again. */
export interface NodeRestored {
  readonly nodeId: string
}

export const nodeCreated = defineEvent<NodeCreated>('content.node.created', SOURCE)
export const nodeUpdated = defineEvent<NodeUpdated>('content.node.updated', SOURCE)
export const nodePublished = defineEvent<NodePublished>('content.node.published', SOURCE)
export const nodeUnpublished = defineEvent<NodeUnpublished>('content.node.unpublished', SOURCE)
export const nodeArchived = defineEvent<NodeArchived>('content.node.archived', SOURCE)
export const nodeRestored = defineEvent<NodeRestored>('content.node.restored', SOURCE)
