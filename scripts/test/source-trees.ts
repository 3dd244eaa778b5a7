/** Small repositories for the tests of the scripts: in memory for the checks, on disk for the commands. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
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

/** Returns the folder, which goes when the test ends. */
export function writeTree(t: TestContext, sources: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'rustok-scripts-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [file, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return root
}
