/**
 * One thing that readiness looks at. However many ask, it is looked at once at a time: probes of a database that hangs must not fill its
 * pool. Whoever asks waits for a bounded time.
 */
import { told } from '../telling/told.ts'

/** One that takes longer to answer a probe than this is as good as missing. */
const CHECK_TIMEOUT_MS = 1_000

export interface Finding {
  /** `degraded` keeps nobody from being served, `failed` does; `unknown` is what cannot be seen because something else is missing. */
  readonly status: 'ok' | 'degraded' | 'failed' | 'unknown'
  /** For clients, too: in our own words. */
  readonly detail?: string
  /** What there is to be said in numbers and names. */
  readonly [member: string]: unknown
}

export interface Check {
  /** Rejects with what goes to the log alone. */
  look(): Promise<Finding>
  /** What it means that `look` rejected, or took too long. */
  readonly blind: Finding
}

export interface Look {
  readonly finding: Finding
  /** Why there is none from `look`. */
  readonly error?: unknown
}

export class SharedCheck {
  readonly #check: Check
  #looking: Promise<Look> | undefined

  constructor(check: Check) {
    this.#check = check
  }

  /** Never rejects. */
  async look(): Promise<Look> {
    this.#looking ??= this.#begin()
    const late = Promise.withResolvers<Look>()
    const timer = setTimeout(
      () => late.resolve(this.#blind(new Error(told(`no answer within ${CHECK_TIMEOUT_MS} ms`)))),
      CHECK_TIMEOUT_MS,
    )
    try {
      return await Promise.race([this.#looking, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  async #begin(): Promise<Look> {
    try {
      return { finding: await this.#check.look() }
    } catch (error) {
      return this.#blind(error)
    } finally {
      this.#looking = undefined
    }
  }

  #blind(error: unknown): Look {
    return { finding: this.#check.blind, error }
  }
}
