/** `rustok-lens token`: makes a token, adds its hash to the file of tokens, and says it once. `main` calls it. */

import { randomBytes } from 'node:crypto'
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { Flags } from '../config.ts'
import { parseFlags, UsageError } from '../flags.ts'
import { StartupError } from '../startup-error.ts'
import { digestOf, newToken, TokenBook, type TokenEntry } from './token-book.ts'

const rows = [
  { flag: 'name', hint: 'name' },
  { flag: 'role', hint: 'ingest|read|admin' },
  { flag: 'tenants', hint: 'names' },
  { flag: 'expires', hint: 'date' },
  { flag: 'tokens-file', hint: 'file' },
] as const

const help = `rustok-lens token: makes an access token, and keeps its hash alone.

Usage: rustok-lens token --name <name> --role <role> [--tenants <names>] [--expires <date>] [--tokens-file <file>]

  --name <name>          what logs and the web UI call it
  --role ingest          sends; everything it sends is filed under its one tenant, or under what spans say with --tenants '*'
  --role read            reads the tenants that it names, separated by commas, or all with '*'; nothing else exists for it
  --role admin           sends, reads everything, and reads /metrics
  --tenants <names>      for ingest and read
  --expires <date>       such as 2027-01-31; without it, it is valid until its entry is removed
  --tokens-file <file>   where its entry is added [LENS_TOKENS_FILE]; without one, the entry is printed on stderr

The token is printed on stdout, and cannot be had again. A Lens that runs notices the new entry within seconds.
`

export interface TokenOutput {
  readonly stdout: string
  readonly stderr: string
}

/** `tokensFile` is the configured one. Rejects with UsageError or StartupError. */
export async function tokenCommand(
  words: readonly string[],
  tokensFile: (flags: Flags) => string | undefined,
): Promise<TokenOutput> {
  const { values, help: wantsHelp } = parseFlags(words, rows)
  if (wantsHelp) return { stdout: help, stderr: '' }
  const token = newToken()
  const entry = entryOf(values, token)
  try {
    TokenBook.parse(JSON.stringify({ tokens: [entry] }))
  } catch (error) {
    throw new UsageError(`--${messageOf(error).replace(/^tokens\[0\]: /, '')}`)
  }
  const file = tokensFile(values)
  if (file === undefined) {
    return { stdout: `${token}\n`, stderr: `${JSON.stringify({ tokens: [entry] }, null, 2)}\n` }
  }
  await add(entry, file)
  return { stdout: `${token}\n`, stderr: `added ${JSON.stringify(entry.name)} to ${file}\n` }
}

function entryOf(values: Flags, token: string): TokenEntry {
  const tenants = values
    .get('tenants')
    ?.split(',')
    .map((tenant) => tenant.trim())
    .filter((tenant) => tenant !== '')
  const expires = values.get('expires')
  return {
    name: values.get('name') ?? '',
    // Checked with the rest of the entry.
    role: (values.get('role') ?? '') as TokenEntry['role'],
    ...(tenants === undefined ? {} : { tenants }),
    ...(expires === undefined ? {} : { expires }),
    sha256: digestOf(token).toString('hex'),
  }
}

/** In one step, so that a Lens that looks meanwhile sees the old file or the new one. */
async function add(entry: TokenEntry, file: string): Promise<void> {
  const path = await realpath(file).catch(() => file)
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  try {
    const old = await readFile(path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '{"tokens": []}'
      throw error
    })
    TokenBook.parse(old)
    const { tokens } = JSON.parse(old) as { tokens: readonly TokenEntry[] }
    const text = `${JSON.stringify({ tokens: [...tokens, entry] }, null, 2)}\n`
    TokenBook.parse(text)
    const mode = await stat(path).then(
      (stats) => stats.mode & 0o777,
      () => 0o600,
    )
    await writeFile(temporary, text, { mode, flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw new StartupError(`cannot add to ${file}: ${messageOf(error)}`)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
