/**
 * Around each operation of a domain's service: its span, and its count and duration for the metrics. What is refused is an outcome;
 * what is thrown is an error on the span.
 */
import type { SpanAttributes } from '@opentelemetry/api'
import { tracedSpan } from '@rustok/telemetry'
import type { Result } from './result.ts'

export type Observe<Operation extends string> = (
  operation: Operation,
  outcome: string,
  seconds: number,
) => void

export class Operations<Operation extends string> {
  readonly #domain: string
  readonly #observe: Observe<Operation>
  /** Of spans, by operation: one text each, so that whoever looks it up has its hash at hand. */
  readonly #names = new Map<Operation, string>()

  /** Spans are named by domain and operation, `commerce.placeOrder`. */
  constructor(domain: string, observe: Observe<Operation>) {
    this.#domain = domain
    this.#observe = observe
  }

  run<R extends Result<unknown, { readonly kind: string }>>(
    operation: Operation,
    work: () => Promise<R>,
    attributes: SpanAttributes = {},
  ): Promise<R> {
    return this.#observed(operation, attributes, work, (result) => result.refusal?.kind ?? 'ok')
  }

  /** One that nothing refuses. */
  read<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
    return this.#observed(operation, {}, work, () => 'ok')
  }

  /** A loader's: what belongs to many things at once. */
  batch<T>(operation: Operation, size: number, work: () => Promise<T>): Promise<T> {
    return this.#observed(operation, batchOf(size), work, () => 'ok')
  }

  /** A loader's that may be refused: a page of each. */
  runBatch<R extends Result<unknown>>(
    operation: Operation,
    size: number,
    work: () => Promise<R>,
  ): Promise<R> {
    return this.run(operation, work, batchOf(size))
  }

  #nameOf(operation: Operation): string {
    const known = this.#names.get(operation)
    if (known !== undefined) return known
    const name = `${this.#domain}.${operation}`
    this.#names.set(operation, name)
    return name
  }

  #observed<T>(
    operation: Operation,
    attributes: SpanAttributes,
    work: () => Promise<T>,
    outcomeOf: (result: T) => string,
  ): Promise<T> {
    const start = performance.now()
    const observe = (outcome: string) =>
      this.#observe(operation, outcome, (performance.now() - start) / 1_000)
    return tracedSpan(this.#nameOf(operation), attributes, async (span) => {
      try {
        const result = await work()
        const outcome = outcomeOf(result)
        if (outcome !== 'ok') span.setAttribute('rustok.outcome', outcome)
        observe(outcome)
        return result
      } catch (error) {
        observe('error')
        throw error
      }
    })
  }
}

function batchOf(size: number): SpanAttributes {
  return { 'rustok.batch.size': size }
}
