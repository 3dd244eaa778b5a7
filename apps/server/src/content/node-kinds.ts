/** The kinds of nodes, and what is peculiar to each. A new kind is a row here and in the constraint of its column. */
import type { NodeKind } from '../db/schema.ts'

interface KindRules {
  /** What it must have before readers may see it. */
  readonly toPublish: readonly ('slug' | 'body')[]
  /** Whether it tells of a product, and then always. */
  readonly product: boolean
}

export const KINDS: Readonly<Record<NodeKind, KindRules>> = {
  article: { toPublish: [], product: false },
  /** Reached by its address alone. */
  page: { toPublish: ['slug'], product: false },
  /** Stands beside the product in the shop. */
  story: { toPublish: ['body'], product: true },
}
