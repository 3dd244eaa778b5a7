/** Small repositories in memory, for the tests of the checks. */
import type { SourceTree } from '../check/source-tree.ts'

export function treeOf(sources: Readonly<Record<string, string>>): SourceTree {
  return {
    files: Object.keys(sources).sort(),
    read: (file) => {
      const source = sources[file]
      if (source === undefined) throw new Error(`the tree has no ${file}`)
      return source
    },
  }
}
