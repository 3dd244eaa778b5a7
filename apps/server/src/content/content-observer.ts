/** What the services of content tell the metrics, under names that dashboards know. */
import { Operations } from '../domain/operations.ts'

const LABELS = {
  createNode: 'create',
  updateNode: 'update',
  translateNode: 'translate',
  removeTranslation: 'removeTranslation',
  publishNode: 'publish',
  unpublishNode: 'unpublish',
  archiveNode: 'archive',
  restoreNode: 'restore',
  discardDraft: 'discardDraft',
  node: 'get',
  nodeBySlug: 'getBySlug',
  nodes: 'list',
  countNodes: 'count',
  textsOf: 'textsOf',
  translationsOf: 'translationsOf',
  draftsOf: 'draftsOf',
  slugsOf: 'slugsOf',
  tagsOf: 'tagsOf',
  tags: 'tags',
  search: 'search',
  countHits: 'countHits',
  stats: 'stats',
} as const

type ContentMethod = keyof typeof LABELS
export type ContentOperation = (typeof LABELS)[ContentMethod]

/** Counts operations, for the metrics. */
export interface OperationObserver {
  contentOperation(operation: ContentOperation, outcome: string, seconds: number): void
}

export function contentOperations(observer: OperationObserver): Operations<ContentMethod> {
  return new Operations<ContentMethod>('content', (method, outcome, seconds) =>
    observer.contentOperation(LABELS[method], outcome, seconds),
  )
}
