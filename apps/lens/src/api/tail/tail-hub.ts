/**
 * All live tails of this Lens: they take turns, every second, one question to the store at a time, so that a hundred of them cost what one does and
 * slow each other down instead of the rest. With no client, nothing runs.
 */

import type { FastifyBaseLogger } from 'fastify'
import { liveTails } from '../../metrics/lens-metrics.ts'
import type { Tail } from './tail.ts'

export interface TailLimits {
  readonly clients: number
  /** Of one address and token. */
  readonly clientsOfOne: number
  /** A reader that takes nothing for so long is let go. */
  readonly longestStallMs: number
}

export const tailLimits: TailLimits = { clients: 64, clientsOfOne: 16, longestStallMs: 60_000 }

/** `whose` has as many as it may. */
export class TailsFullError extends Error {
  override readonly name = 'TailsFullError'
  readonly whose: 'client' | 'all'

  constructor(whose: 'client' | 'all', limit: number) {
    super(
      whose === 'client' ? `you have ${limit} live tails already` : `there are ${limit} live tails already`,
    )
    this.whose = whose
  }
}

interface Place extends TailRequest {
  readonly controller: AbortController
  tail: Tail | undefined
}

export interface TailRequest {
  readonly owner: string
  /** Whether the client may still see what it saw when it began: tokens are taken back. */
  readonly mayRead: () => boolean
}

const turnMs = 1_000

export class TailHub {
  readonly #limits: TailLimits
  readonly #log: FastifyBaseLogger
  readonly #places = new Set<Place>()
  #running: Promise<void> | undefined
  #wake: PromiseWithResolvers<void> | undefined
  #closed = false
  readonly #forget: () => void

  constructor(log: FastifyBaseLogger, limits: TailLimits = tailLimits) {
    this.#log = log
    this.#limits = limits
    this.#forget = liveTails.observe({}, () => this.clients)
  }

  get clients(): number {
    return this.#places.size
  }

  /** Throws TailsFullError. `open` starts to answer, and is called when there is a place. */
  add({ owner, mayRead }: TailRequest, open: () => Tail): { readonly remove: () => void } {
    const { clients, clientsOfOne } = this.#limits
    if (this.#closed || this.#places.size >= clients) throw new TailsFullError('all', clients)
    const own = [...this.#places].filter((place) => place.owner === owner).length
    if (own >= clientsOfOne) throw new TailsFullError('client', clientsOfOne)
    const place: Place = { owner, mayRead, controller: new AbortController(), tail: undefined }
    this.#places.add(place)
    place.tail = open()
    this.#running ??= this.#run()
    return { remove: () => this.#remove(place) }
  }

  /** Tells every client that this is the end. */
  async close(): Promise<void> {
    this.#closed = true
    for (const place of this.#places) {
      place.tail?.stream.end([{ event: 'end', data: { reason: 'shutdown' } }])
      this.#remove(place)
    }
    await this.#running
    this.#forget()
  }

  #remove(place: Place): void {
    if (!this.#places.delete(place)) return
    place.controller.abort()
    if (this.#places.size === 0) this.#wake?.resolve()
  }

  async #run(): Promise<void> {
    while (this.#places.size > 0) {
      const began = Date.now()
      for (const place of this.#places) await this.#turn(place)
      await this.#pause(turnMs - (Date.now() - began))
    }
    this.#running = undefined
  }

  async #turn(place: Place): Promise<void> {
    const { tail, controller } = place
    if (tail === undefined || controller.signal.aborted) return
    const { stalledSince } = tail.stream
    if (stalledSince !== undefined && performance.now() - stalledSince > this.#limits.longestStallMs) {
      tail.stream.abort()
      return this.#remove(place)
    }
    if (!place.mayRead()) {
      tail.stream.end([{ event: 'end', data: { reason: 'access' } }])
      return this.#remove(place)
    }
    try {
      await tail.turn(Date.now(), controller.signal)
    } catch (error) {
      if (controller.signal.aborted) return
      this.#log.error({ err: error }, 'a live tail failed')
      tail.stream.end([{ event: 'end', data: { reason: 'failure' } }])
      this.#remove(place)
    }
  }

  /** Turns that take longer than a second follow each other after a breath. */
  async #pause(ms: number): Promise<void> {
    this.#wake = Promise.withResolvers()
    const timer = setTimeout(() => this.#wake?.resolve(), Math.max(ms, 100))
    await this.#wake.promise
    clearTimeout(timer)
    this.#wake = undefined
  }
}
