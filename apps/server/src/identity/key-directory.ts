/**
 * Token keys as files that servers share: Ed25519 private keys in PEM, each named by the second from which it signs
 * (`20261122T210500Z.pem`). Rotation writes one for a little later than now, by when every server has read it; a key goes when the last
 * token that it signed has expired. `load-key-ring.ts` reads and watches, `commands/keys.ts` rotates.
 */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { errorCode } from '../errors.ts'
import { makeDirectory } from '../make-directory.ts'
import { ed25519Key, type SigningKey } from './key-ring.ts'
import { LONGEST_LIFETIME_MS } from './tokens.ts'

/** How often a server looks for new keys. */
export const RELOAD_EVERY_MS = 20_000
/** From writing a key to the first signature: each server has looked twice by then, clocks a little apart included. */
const PROPAGATION_MS = 60_000

const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.pem$/

/** Throws what is wrong with which file. Undefined when there is no key yet. */
export function readKeys(directory: string): readonly [SigningKey, ...SigningKey[]] | undefined {
  const [first, ...rest] = keyFiles(directory).map((name) => readKey(directory, name))
  return first && [first, ...rest]
}

/** Written aside and linked into place: servers that start at once end up with one key, and nobody reads half of it. */
export function createKey(directory: string, signsFrom: number): SigningKey {
  const name = fileName(signsFrom)
  const file = path.join(directory, name)
  const aside = `${file}.${process.pid}`
  const { privateKey } = generateKeyPairSync('ed25519')
  makeDirectory(directory)
  writeFileSync(aside, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  try {
    linkSync(aside, file)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
  return readKey(directory, name)
}

export interface Rotation {
  readonly created: SigningKey
  /** Files of keys that no token is left of. */
  readonly removed: readonly string[]
}

export function rotateKeys(directory: string, now = Date.now()): Rotation {
  const before = readKeys(directory)
  const created = createKey(directory, before === undefined ? 0 : now + PROPAGATION_MS)
  const names = keyFiles(directory)
  const removed = names.filter((_name, index) => {
    const successor = names[index + 1]
    return successor !== undefined && startOf(successor) + LONGEST_LIFETIME_MS < now
  })
  for (const name of removed) rmSync(path.join(directory, name))
  return { created, removed }
}

/** The oldest first: the names sort by time. */
function keyFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.pem'))
      .toSorted()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

function readKey(directory: string, name: string): SigningKey {
  const file = path.join(directory, name)
  const signsFrom = startOf(name)
  if (Number.isNaN(signsFrom)) throw new Error(`${file} is not named like 20261122T210500Z.pem`)
  const text = readFileSync(file, 'utf8')
  try {
    const secret = createPrivateKey(text)
    if (secret.asymmetricKeyType === 'ed25519') return ed25519Key(secret, signsFrom)
  } catch {
    // The parser's words could quote the key.
  }
  throw new Error(`${file} holds no Ed25519 private key`)
}

function startOf(name: string): number {
  return Date.parse(name.replace(NAME, '$1-$2-$3T$4:$5:$6Z'))
}

function fileName(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.pem`
}
