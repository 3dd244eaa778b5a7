/** How often somebody may guess: at one user's secret, and from one place at anybody's. Each counts in this process's memory. */
import { AttemptLimit, type AttemptLimitOptions } from './attempt-limit.ts'

const MAX_KEYS = 20_000

type Rate = Pick<AttemptLimitOptions, 'burst' | 'everyMs'>

export interface Guess {
  readonly tenantId: string
  /** The user's address, whether there is such a user or not. */
  readonly email: string
  /** Where the request came from. */
  readonly address: string
}

export class GuessLimits {
  readonly #perUser: AttemptLimit
  readonly #perAddress: AttemptLimit

  constructor({ perUser, perAddress }: { readonly perUser: Rate; readonly perAddress: Rate }) {
    this.#perUser = new AttemptLimit({ ...perUser, maxKeys: MAX_KEYS })
    this.#perAddress = new AttemptLimit({ ...perAddress, maxKeys: MAX_KEYS })
  }

  /** Undefined, or in how many milliseconds to try again. */
  take(guess: Guess): number | undefined {
    return this.#perAddress.take(placeOf(guess.address)) ?? this.#perUser.take(userOf(guess))
  }

  /** It was none: the secret was right. */
  giveBack(guess: Guess): void {
    this.#perAddress.giveBack(placeOf(guess.address))
    this.#perUser.giveBack(userOf(guess))
  }
}

/** Guesses at passwords, by signing in or where a signed-in user names the current one: it is one secret. */
export function passwordGuesses(): GuessLimits {
  return new GuessLimits({
    perUser: { burst: 10, everyMs: 30_000 },
    perAddress: { burst: 50, everyMs: 2_000 },
  })
}

/** Each may put a message into somebody's inbox. */
export function resetRequests(): GuessLimits {
  return new GuessLimits({
    perUser: { burst: 3, everyMs: 10 * 60_000 },
    perAddress: { burst: 30, everyMs: 30_000 },
  })
}

function userOf({ tenantId, email }: Guess): string {
  return `${tenantId}\n${email.toLowerCase()}`
}

/** Somebody with one IPv6 address has at least 2⁶⁴ of them. */
function placeOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = '', tail = ''] = address.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const missing = address.includes('::') ? 8 - groups.length - tail.split(':').filter(Boolean).length : 0
  return [...groups, ...Array<string>(missing).fill('0')].slice(0, 4).join(':')
}
