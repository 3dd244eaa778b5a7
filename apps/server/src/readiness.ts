/** Whether this process should get traffic, and if not, what is missing. `/health/ready` asks; shutdown ends it for good. */
import { errorMessage } from './errors.ts'

/** A dependency that takes longer to answer a probe than this is as good as missing. */
const CHECK_TIMEOUT_MS = 1_000

export class Readiness {
  readonly #checks: ReadonlyMap<string, () => Promise<void>>
  #stopping = false

  /** By what is checked: `database`. A check fails by rejecting. */
  constructor(checks: Readonly<Record<string, () => Promise<void>>>) {
    this.#checks = new Map(Object.entries(checks))
  }

  stop(): void {
    this.#stopping = true
  }

  /** Empty when ready. */
  async missing(): Promise<readonly string[]> {
    if (this.#stopping) return ['the server is shutting down']
    const results = await Promise.all([...this.#checks].map(([name, check]) => failureOf(name, check)))
    return results.filter((failure) => failure !== undefined)
  }
}

async function failureOf(name: string, check: () => Promise<void>): Promise<string | undefined> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => timeout.reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)),
    CHECK_TIMEOUT_MS,
  )
  try {
    await Promise.race([check(), timeout.promise])
    return undefined
  } catch (error) {
    return `${name}: ${errorMessage(error)}`
  } finally {
    clearTimeout(timer)
  }
}
