/**
 * One capture: the traces that belong to it and the spans of theirs that have ended, as the bytes that would have been exported. Filled
 * by capture-router.ts, read by capture-spans.ts.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { encodeEnvelope, encodeResource, encodeSpan, type SpanRecord, Writer } from '@rustok/otlp'
import type { ScopeSpans } from '../trace/scope-spans.ts'
import { CapturedSpans } from './captured-spans.ts'
import { readSpans } from './read-spans.ts'

/** Which capture the running code belongs to. */
export const captureStorage = new AsyncLocalStorage<Capture>()

const noResource = encodeResource({ attributes: {} })

/** Taken when this module is loaded, before a test replaces the clock. */
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis

export class Capture {
  /** Requests of one span each, in the order of their ends. */
  readonly #requests: Uint8Array[] = []
  #started = 0
  #waiting: (() => void) | undefined

  begin(): void {
    this.#started++
  }

  end(scope: ScopeSpans, span: SpanRecord): void {
    const writer = new Writer(1024)
    encodeSpan(writer, span)
    const spans = writer.bytes.slice(0, writer.position)
    this.#requests.push(encodeEnvelope(noResource, [{ scope: scope.envelope, spans }]))
    if (this.#open === 0) this.#waiting?.()
  }

  /** Spans that have begun and not ended. */
  get #open(): number {
    return this.#started - this.#requests.length
  }

  /**
   * Resolves when all spans have ended, after `ms` at the latest: the answer of a server reaches its client before the server's span
   * ends.
   */
  async settled(ms: number): Promise<void> {
    if (this.#open === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting = resolve
    const timer = startTimer(resolve, ms)
    await promise
    stopTimer(timer)
    this.#waiting = undefined
  }

  /** What has ended so far. */
  read(): CapturedSpans {
    return new CapturedSpans(this.#requests.flatMap(readSpans), this.#open)
  }
}
