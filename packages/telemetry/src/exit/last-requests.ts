/** What passes between the thread that exits and the worker that sends for it: the requests one way, the outcome the other. */
import { type ExportFields, exportDefaults } from '../config/export.ts'

export interface LastRequests {
  readonly config: ExportFields
  readonly requests: readonly Uint8Array[]
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
const reasonLength = 1
const firstFate = 2
const maxReasonBytes = 512
const refused = -1

/** Of one request; undefined while nobody knows. */
export type Fate = { readonly rejected: number } | 'refused' | undefined

/**
 * What became of the requests, in memory that both threads see. The fate of a request is one word, so that it can be read at any moment.
 *
 *   Int32  done | bytes of the reason | per request: 0 unknown, n + 1 accepted but for n spans, -1 refused
 *   bytes  why the first of them was refused, in UTF-8
 */
export class SharedOutcome {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #reason: Buffer

  /** `of` is the number of requests, or the memory of an outcome. */
  constructor(of: number | SharedArrayBuffer) {
    const memory = typeof of === 'number' ? new SharedArrayBuffer((firstFate + of) * 4 + maxReasonBytes) : of
    this.memory = memory
    this.#words = new Int32Array(memory, 0, (memory.byteLength - maxReasonBytes) / 4)
    this.#reason = Buffer.from(memory, memory.byteLength - maxReasonBytes)
  }

  /** Blocks this thread until the other one is done, or for `timeoutMs`. */
  wait(timeoutMs: number): void {
    Atomics.wait(this.#words, done, 0, timeoutMs)
  }

  finish(): void {
    Atomics.store(this.#words, done, 1)
    Atomics.notify(this.#words, done)
  }

  accept(index: number, rejected: number): void {
    Atomics.store(this.#words, firstFate + index, rejected + 1)
  }

  refuse(index: number, reason: string): void {
    if (Atomics.load(this.#words, reasonLength) === 0) {
      Atomics.store(this.#words, reasonLength, this.#reason.write(reason))
    }
    Atomics.store(this.#words, firstFate + index, refused)
  }

  fate(index: number): Fate {
    const word = Atomics.load(this.#words, firstFate + index)
    if (word === 0) return undefined
    return word === refused ? 'refused' : { rejected: word - 1 }
  }

  reason(): string {
    return this.#reason.toString('utf8', 0, Atomics.load(this.#words, reasonLength))
  }
}
