/** What passes between the thread that exits and the worker that sends for it: the requests one way, the outcome the other. */
import { type ExportFields, exportDefaults } from '../config/export.ts'

export interface LastRequests {
  readonly config: ExportFields
  readonly requests: readonly { readonly request: Uint8Array; readonly spans: number }[]
  readonly timeoutMs: number
  /** Of a SharedOutcome. */
  readonly outcome: SharedArrayBuffer
}

/** The part of a configuration that says where to send, without what cannot pass to another thread. */
export function exportFieldsOf(config: ExportFields): ExportFields {
  const fields = Object.keys(exportDefaults).map((name) => [name, config[name as keyof ExportFields]])
  return Object.fromEntries(fields) as ExportFields
}

const done = 0
const exported = 1
const rejected = 2
const refused = 3
const reasonLength = 4
const words = 5
const maxReasonBytes = 512

/**
 * What became of the spans, in memory that both threads see:
 *
 *   Int32  done | exported | rejected | refused | bytes of the reason
 *   bytes  why the first of them were refused, in UTF-8
 */
export class SharedOutcome {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #reason: Buffer

  constructor(memory = new SharedArrayBuffer(words * 4 + maxReasonBytes)) {
    this.memory = memory
    this.#words = new Int32Array(memory, 0, words)
    this.#reason = Buffer.from(memory, words * 4, maxReasonBytes)
  }

  /** Blocks this thread until the other one is done, or for `timeoutMs`. */
  wait(timeoutMs: number): void {
    Atomics.wait(this.#words, done, 0, timeoutMs)
  }

  finish(): void {
    Atomics.store(this.#words, done, 1)
    Atomics.notify(this.#words, done)
  }

  accept(spans: number, rejectedSpans: number): void {
    Atomics.add(this.#words, exported, spans - rejectedSpans)
    Atomics.add(this.#words, rejected, rejectedSpans)
  }

  refuse(spans: number, reason: string): void {
    if (Atomics.add(this.#words, refused, spans) > 0) return
    Atomics.store(this.#words, reasonLength, this.#reason.write(reason))
  }

  counts(): { exported: number; rejected: number; refused: number } {
    const count = (word: number) => Atomics.load(this.#words, word)
    return { exported: count(exported), rejected: count(rejected), refused: count(refused) }
  }

  reason(): string {
    return this.#reason.toString('utf8', 0, Atomics.load(this.#words, reasonLength))
  }
}
