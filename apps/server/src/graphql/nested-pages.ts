/**
 * For lists within lists: `products { variants(first: 5) }`. One statement for all parents that ask for the same page; a document has
 * as many different pages as it has aliases, whatever the lists hold.
 */
import type { Page, PageRequest } from '../domain/page.ts'
import type { Result } from '../domain/result.ts'
import { answerOf, type Connection, toConnection } from './connection.ts'

export interface PageOfParent extends PageRequest {
  readonly parentId: string
}

/** For a loader's `cacheKeyFn`: keys are equal when they ask for the same. */
export function pageKey({ parentId, first, after }: PageOfParent): string {
  return `${parentId} ${first} ${after ?? ''}`
}

/** `load` answers in the order of the parents' ids. */
export async function loadNestedPages<T>(
  keys: readonly PageOfParent[],
  load: (parentIds: readonly string[], page: PageRequest) => Promise<Result<readonly Page<T>[]>>,
): Promise<Connection<T>[]> {
  const groups = Map.groupBy(keys, ({ first, after }) => `${first} ${after ?? ''}`)
  const connections = new Map<PageOfParent, Connection<T>>()
  await Promise.all(
    [...groups.values()].map(async (group) => {
      const { first, after } = group[0]!
      const ids = group.map(({ parentId }) => parentId)
      const pages = answerOf(await load(ids, { first, after }))
      for (const [index, key] of group.entries()) connections.set(key, toConnection(pages[index]!))
    }),
  )
  return keys.map((key) => connections.get(key)!)
}
