/** A file of tokens for a Lens of a test, and the tokens themselves. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, newToken, type TokenEntry } from '../../src/access/token-book.ts'
import type { TemporaryDirectory } from './temporary-directory.ts'

/** Tokens by their names. */
export async function tokenFile<Name extends string>(
  directory: TemporaryDirectory,
  entries: Readonly<Record<Name, Omit<TokenEntry, 'name' | 'sha256'>>>,
): Promise<{ readonly path: string; readonly tokens: Readonly<Record<Name, string>> }> {
  const names = Object.keys(entries) as Name[]
  const tokens = Object.fromEntries(names.map((name) => [name, newToken()])) as Record<Name, string>
  const listed = names.map((name) => ({
    ...entries[name],
    name,
    sha256: digestOf(tokens[name]).toString('hex'),
  }))
  const path = join(directory.path, 'tokens.json')
  await writeFile(path, JSON.stringify({ tokens: listed }), { mode: 0o600 })
  return { path, tokens }
}
