/** Where the token keys come from: RUSTOK_JWT_SECRET, else a directory of keys, in which the first start makes one. */
import { generateKeyPairSync } from 'node:crypto'
import { errorMessage, StartupError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { createKey, RELOAD_EVERY_MS, readKeys } from './key-directory.ts'
import { ed25519Key, KeyRing, sharedSecretKey } from './key-ring.ts'

export interface KeySource {
  readonly secret?: string | undefined
  readonly directory?: string | undefined
}

/** Without a secret and a directory, the key lives as long as the process. */
export function loadKeyRing({ secret, directory }: KeySource): KeyRing {
  if (secret !== undefined) return new KeyRing([sharedSecretKey(Buffer.from(secret))])
  if (directory === undefined) return new KeyRing([ed25519Key(generateKeyPairSync('ed25519').privateKey, 0)])
  try {
    return new KeyRing(readKeys(directory) ?? [createKey(directory, 0)])
  } catch (error) {
    throw new StartupError('RUSTOK_JWT_KEYS', `the token keys in ${directory}: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}

/** Takes up keys that appear in the directory, and lets go of those that disappear. A directory that cannot be read changes nothing. */
export function watchKeys(ring: KeyRing, directory: string, log: Logger): Disposable {
  const timer = setInterval(() => {
    const before = ring.version
    try {
      const keys = readKeys(directory)
      if (keys === undefined) throw new Error('there are none')
      ring.replace(keys)
      if (ring.version !== before) log.info({ kids: keys.map(({ kid }) => kid) }, 'token keys reloaded')
    } catch (error) {
      log.error({ err: error }, 'token keys not reloaded: those of before stay in use')
    }
  }, RELOAD_EVERY_MS)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
