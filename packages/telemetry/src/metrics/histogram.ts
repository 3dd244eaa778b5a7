/** A histogram of seconds with fixed buckets, and of each bucket the last sampled span that fell into it, for exemplars. */
import { hex32 } from '../trace/ids.ts'
import type { Exemplar, HistogramSample } from './open-metrics.ts'

/** From a query in memory to a request that somebody gave up on; those of the HTTP conventions lie among them. */
const secondsBounds: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]

/** Who a span is, as SpanIdentity has it. */
export interface Identity {
  readonly traceId0: number
  readonly traceId1: number
  readonly traceId2: number
  readonly traceId3: number
  readonly spanId0: number
  readonly spanId1: number
}

/** Words of one exemplar: trace id, span id. */
const words = 6

export class Histogram {
  readonly #counts: number[] = new Array(secondsBounds.length + 1).fill(0)
  #sum = 0
  /** Made with the first exemplar: spans of traces that are not sampled have none. */
  #ids: Int32Array | undefined
  #values: Float64Array | undefined

  observe(seconds: number): void {
    this.#counts[bucketOf(seconds)]!++
    this.#sum += seconds
  }

  /** Notes whose duration it was, at `atMs` of the wall clock. */
  exemplify(seconds: number, span: Identity, atMs: number): void {
    this.#ids ??= new Int32Array(this.#counts.length * words)
    this.#values ??= new Float64Array(this.#counts.length * 2)
    const ids = this.#ids
    const values = this.#values
    const bucket = bucketOf(seconds)
    const at = bucket * words
    ids[at] = span.traceId0
    ids[at + 1] = span.traceId1
    ids[at + 2] = span.traceId2
    ids[at + 3] = span.traceId3
    ids[at + 4] = span.spanId0
    ids[at + 5] = span.spanId1
    values[bucket * 2] = seconds
    values[bucket * 2 + 1] = atMs
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  sample(): HistogramSample {
    const exemplars = this.#counts.map((_, bucket) => this.#exemplar(bucket))
    return { bounds: secondsBounds, counts: this.#counts, sum: this.#sum, exemplars }
  }

  #exemplar(bucket: number): Exemplar | undefined {
    const ids = this.#ids?.subarray(bucket * words, (bucket + 1) * words)
    const at = this.#values?.[bucket * 2 + 1] ?? 0
    if (ids === undefined || at === 0) return undefined
    const hex = Array.from(ids, hex32).join('')
    return {
      labels: [
        ['trace_id', hex.slice(0, 32)],
        ['span_id', hex.slice(32)],
      ],
      value: this.#values![bucket * 2]!,
      at: at / 1000,
    }
  }
}

/** Most spans are short: a walk from below ends early. */
function bucketOf(seconds: number): number {
  let bucket = 0
  while (bucket < secondsBounds.length && seconds > secondsBounds[bucket]!) bucket++
  return bucket
}
