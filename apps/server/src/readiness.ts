/** Whether this process should get traffic, what is missing if not, and what works less well. `/health/ready` asks; shutdown ends it. */
import { errorMessage } from './errors.ts'

/** A dependency that takes longer to answer a probe than this is as good as missing. */
const CHECK_TIMEOUT_MS = 1_000

export class Readiness {
  readonly #checks: ReadonlyMap<string, () => Promise<void>>
  readonly #degraded: () => Promise<readonly string[]>
  #stopping = false

  /**
   * By what is checked: `database`. A check fails by rejecting. `degraded` tells what does not keep this process from answering requests: that
   * a bus is away, say, from which no other process would be any nearer.
   */
  constructor(
    checks: Readonly<Record<string, () => Promise<void>>>,
    degraded: () => Promise<readonly string[]> = async () => [],
  ) {
    this.#checks = new Map(Object.entries(checks))
    this.#degraded = degraded
  }

  stop(): void {
    this.#stopping = true
  }

  degraded(): Promise<readonly string[]> {
    return this.#degraded()
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
