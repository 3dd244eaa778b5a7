/** `rustok-server keys rotate|list`: the keys that sign tokens, in RUSTOK_JWT_KEYS. Running servers take a new one up by themselves. */
import { readConfig } from '../config.ts'
import { errorMessage, StartupError } from '../errors.ts'
import { readKeys, rotateKeys } from '../identity/key-directory.ts'
import type { SigningKey } from '../identity/key-ring.ts'
import { type Command, UsageError } from './command.ts'

export const keys: Command = {
  async run(args) {
    const [action, ...rest] = args
    if (rest.length > 0 || (action !== 'rotate' && action !== 'list')) {
      throw new UsageError('keys takes one of: rotate, list')
    }
    const { jwtKeys } = readConfig(process.env)
    if (jwtKeys === undefined) {
      throw new StartupError(
        'RUSTOK_JWT_SECRET',
        'tokens are signed with this secret, there are no keys to rotate',
      )
    }
    try {
      process.stdout.write(action === 'rotate' ? rotate(jwtKeys) : list(jwtKeys))
      return 0
    } catch (error) {
      throw new StartupError('RUSTOK_JWT_KEYS', `the token keys in ${jwtKeys}: ${errorMessage(error)}`, {
        cause: error,
      })
    }
  },
}

function rotate(directory: string): string {
  const { created, removed } = rotateKeys(directory)
  const gone = removed.map((file) => `removed ${file}: its last token has expired\n`)
  return `${line(created)}\n${gone.join('')}`
}

function list(directory: string): string {
  return (readKeys(directory) ?? []).map((key) => `${line(key)}\n`).join('')
}

function line({ kid, signsFrom }: SigningKey): string {
  return `${kid} signs from ${new Date(signsFrom).toISOString()}`
}
