/** Where the signing key comes from: RUSTOK_JWT_SECRET, else a file in the data directory that the first start makes. */
import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { MIN_SECRET_BYTES } from '../config.ts'
import { errorCode, errorMessage, StartupError } from '../errors.ts'
import { makeDirectory } from '../make-directory.ts'
import { KeyRing } from './key-ring.ts'

/** Without a secret and a directory, the key lives as long as the process. */
export function loadKeyRing(secret: string | undefined, dataDir: string | undefined): KeyRing {
  if (secret !== undefined) return new KeyRing([Buffer.from(secret)])
  if (dataDir === undefined) return new KeyRing([randomBytes(MIN_SECRET_BYTES)])
  const file = path.join(dataDir, 'jwt.key')
  try {
    return new KeyRing([readKey(file) ?? createKey(file)])
  } catch (error) {
    if (error instanceof StartupError) throw error
    throw new StartupError('RUSTOK_DATA_DIR', `the token key ${file}: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}

function readKey(file: string): Buffer | undefined {
  let key: Buffer
  try {
    key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  if (key.length < MIN_SECRET_BYTES) {
    throw new StartupError('RUSTOK_DATA_DIR', `${file} holds no token key; remove it to get a new one`)
  }
  return key
}

/** Written aside and linked into place: two servers that start at once end up with one key, and nobody reads half of it. */
function createKey(file: string): Buffer {
  const aside = `${file}.${process.pid}`
  const key = randomBytes(MIN_SECRET_BYTES)
  makeDirectory(path.dirname(file))
  writeFileSync(aside, `${key.toString('base64url')}\n`, { mode: 0o600 })
  try {
    linkSync(aside, file)
    return key
  } catch (error) {
    const existing = errorCode(error) === 'EEXIST' ? readKey(file) : undefined
    if (existing === undefined) throw error
    return existing
  } finally {
    rmSync(aside, { force: true })
  }
}
