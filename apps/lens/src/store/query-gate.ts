/**
 * How many queries run at once, and whose turn it is: clients take turns, so that one with a thousand tabs waits for itself and not the others for it.
 * Routes ask the store through it. What waits is bounded, in number and in time; beyond that one is told to come again.
 */

/** Too many queries wait: those of this client, or of all. */
export class QueryQueueError extends Error {
  override readonly name = 'QueryQueueError'
  readonly whose: 'client' | 'all'

  constructor(whose: 'client' | 'all', message: string) {
    super(message)
    this.whose = whose
  }
}

export interface GateLimits {
  readonly running: number
  /** Below `running`, so that there is a place for whoever else comes. */
  readonly runningOfClient: number
  readonly waiting: number
  readonly waitingOfClient: number
  readonly longestWaitMs: number
}

/** The embedded engine runs four statements at once. A page asks up to eight questions; what waits costs little. */
const gateLimits: GateLimits = {
  running: 4,
  runningOfClient: 3,
  waiting: 1_024,
  waitingOfClient: 256,
  longestWaitMs: 30_000,
}

interface Client {
  running: number
  readonly waiting: Set<() => void>
}

export class QueryGate {
  readonly #limits: GateLimits
  /** In the order of their turns; only those that run or wait. */
  readonly #clients = new Map<string, Client>()
  #running = 0
  #waiting = 0

  constructor(limits: GateLimits = gateLimits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Rejects with QueryQueueError, or with the signal's reason when that aborts before its turn. `work` heeds the signal itself. */
  async run<Result>(
    name: string,
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted()
    const client = this.#client(name)
    if (this.#mayRun(client)) this.#start(client)
    else await this.#turn(name, client, signal)
    try {
      return await work()
    } finally {
      client.running--
      this.#running--
      this.#forgetIdle(name, client)
      this.#next()
    }
  }

  #client(name: string): Client {
    const known = this.#clients.get(name)
    if (known !== undefined) return known
    const client = { running: 0, waiting: new Set<() => void>() }
    this.#clients.set(name, client)
    return client
  }

  #mayRun(client: Client): boolean {
    return this.#running < this.#limits.running && client.running < this.#limits.runningOfClient
  }

  #start(client: Client): void {
    client.running++
    this.#running++
  }

  async #turn(name: string, client: Client, signal: AbortSignal | undefined): Promise<void> {
    const { waiting, waitingOfClient, longestWaitMs } = this.#limits
    if (client.waiting.size >= waitingOfClient) {
      throw new QueryQueueError('client', `${waitingOfClient} queries of this client wait already`)
    }
    if (this.#waiting >= waiting) throw new QueryQueueError('all', `${waiting} queries wait already`)

    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abandon)
      client.waiting.delete(enter)
      this.#waiting--
    }
    const enter = () => {
      leave()
      this.#start(client)
      resolve()
    }
    const fail = (reason: unknown) => {
      leave()
      this.#forgetIdle(name, client)
      reject(reason)
    }
    const abandon = () => fail(signal?.reason)
    const timer = setTimeout(
      () => fail(new QueryQueueError('all', `no turn within ${longestWaitMs / 1000} s`)),
      longestWaitMs,
    )
    signal?.addEventListener('abort', abandon)
    client.waiting.add(enter)
    this.#waiting++
    await promise
  }

  /** Whoever has had a turn goes to the end of the line. */
  #next(): void {
    for (const [name, client] of this.#clients) {
      const [enter] = client.waiting
      if (enter === undefined || !this.#mayRun(client)) continue
      this.#clients.delete(name)
      this.#clients.set(name, client)
      enter()
      return
    }
  }

  #forgetIdle(name: string, client: Client): void {
    if (client.running === 0 && client.waiting.size === 0) this.#clients.delete(name)
  }
}
