/** What content tells the rest of the platform. The data is the contract: add fields, never change or remove them. */
import { defineEvent } from '../events/envelope.ts'

const SOURCE = 'rustok-server/content'

export interface NodeCreated {
  readonly nodeId: string
  readonly title: string
}

export interface NodePublished {
  readonly nodeId: string
  readonly title: string
  /** RFC 3339. */
  readonly publishedAt: string
}

export const nodeCreated = defineEvent<NodeCreated>('content.node.created', SOURCE)
export const nodePublished = defineEvent<NodePublished>('content.node.published', SOURCE)
