/** Whether this process should get traffic, what is missing if not, and what works less well. `/health/ready` asks; shutdown ends it. */
import type { Logger } from '../log.ts'
import { type Check, type Finding, type Look, SharedCheck } from './check.ts'

export interface Report {
  readonly ready: boolean
  /** Whether all is as it should be; a process that is ready may be degraded. */
  readonly degraded: boolean
  readonly checks: Readonly<Record<string, Finding>>
}

const STOPPING: Finding = { status: 'failed', detail: 'The server is shutting down' }

export class Readiness {
  readonly #checks: ReadonlyMap<string, SharedCheck>
  readonly #log: Logger
  /** Those of which the log was told that they are not as they should be. */
  readonly #told = new Map<string, Finding['status']>()
  #stopping = false

  constructor(checks: Readonly<Record<string, Check>>, log: Logger) {
    this.#checks = new Map(Object.entries(checks).map(([name, check]) => [name, new SharedCheck(check)]))
    this.#log = log
  }

  stop(): void {
    this.#stopping = true
  }

  /** Never rejects, and takes no longer than the checks may. */
  async report(): Promise<Report> {
    if (this.#stopping) return { ready: false, degraded: true, checks: { process: STOPPING } }
    const checks = await Promise.all(
      [...this.#checks].map(async ([name, check]): Promise<[string, Finding]> => {
        const look = await check.look()
        this.#tell(name, look)
        return [name, look.finding]
      }),
    )
    return {
      ready: checks.every(([, { status }]) => status !== 'failed'),
      degraded: checks.some(([, { status }]) => status !== 'ok'),
      checks: Object.fromEntries(checks),
    }
  }

  /** Once for each change, however often probes come: why is for the log alone. */
  #tell(check: string, { finding: { status, detail }, error }: Look): void {
    const before = this.#told.get(check) ?? 'ok'
    if (status === before) return
    this.#told.set(check, status)
    if (status === 'ok') this.#log.info({ check }, 'readiness: as it should be again')
    else this.#log.warn({ check, status, err: error }, `readiness: ${detail ?? status}`)
  }
}
