/**
 * The resource of this process as its spans' readers and the pipeline see it: what is configured, and what resource detectors that are
 * plugged in find out, at once or some time later. The first batch waits for the latter, within a bound.
 */

import type { Attributes } from '@opentelemetry/api'
import { type AttributeInput, type Envelope, encodeResource, type ResourceInput } from '@rustok/otlp'
import { ignoreRejection } from '../ignore-rejection.ts'
import { diag } from '../own-diag.ts'
import { toAttributeInput } from '../trace/attribute-value.ts'
import type { RawResourceAttribute, ReadableResource, ResourceDetector } from './interfaces.ts'
import { nameOf } from './isolation.ts'

/** A cloud's metadata service answers in milliseconds or not at all; detectors themselves give up after a second or two. */
const maxWaitMs = 5000

type Found = Record<string, AttributeInput>

export class DetectedResource implements ReadableResource {
  readonly #describe: (found: Found) => ResourceInput
  /** By detector, as later ones win. */
  readonly #found: Found[] = []
  #pending: Promise<void> | undefined
  #resource: ResourceInput
  #envelope: Envelope | undefined

  /** `describe` puts what was found among what is configured. */
  constructor(describe: (found: Found) => ResourceInput, detectors: readonly ResourceDetector[]) {
    this.#describe = describe
    const late = detectors.flatMap((detector, i) => this.#detect(detector, i))
    this.#resource = this.#described()
    if (late.length === 0) return
    const deadline = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      diag.warn('resource detectors are slow: spans are exported without what they have not found yet')
      deadline.resolve()
    }, maxWaitMs).unref()
    const all = Promise.all(late).then(() => clearTimeout(timer))
    this.#pending = Promise.race([all, deadline.promise]).then(() => {
      this.#pending = undefined
    })
  }

  get attributes(): Attributes {
    return this.#resource.attributes as Attributes
  }

  /** Whether batches should wait: see `waitForAsyncAttributes`. */
  get asyncAttributesPending(): boolean {
    return this.#pending !== undefined
  }

  /** Resolves when all is found, or after the bound; never rejects. */
  async waitForAsyncAttributes(): Promise<void> {
    await this.#pending
  }

  /** The same within a shorter time, for which it keeps the process alive. */
  async waitAtMost(timeoutMs: number): Promise<void> {
    if (this.#pending === undefined) return
    const deadline = Promise.withResolvers<void>()
    const timer = setTimeout(deadline.resolve, timeoutMs)
    await Promise.race([this.#pending, deadline.promise])
    clearTimeout(timer)
  }

  get input(): ResourceInput {
    return this.#resource
  }

  /** As the pipeline sends it. */
  get envelope(): Envelope {
    this.#envelope ??= encodeResource(this.#resource)
    return this.#envelope
  }

  getRawAttributes(): RawResourceAttribute[] {
    return Object.entries(this.attributes)
  }

  /** As `Resource.merge`: the other's attributes win. */
  merge(other: ReadableResource | null): ReadableResource {
    if (other === null) return this
    const attributes = { ...this.attributes, ...other.attributes }
    return new DetectedResource(() => ({ attributes: attributes as Found }), [])
  }

  /** What the detector knows at once is noted; what it promises is returned, to be noted then. */
  #detect(detector: ResourceDetector, index: number): Promise<void>[] {
    const found: Found = {}
    this.#found[index] = found
    const failed = (cause: unknown) => diag.warn(`${nameOf(detector)} failed to detect the resource`, cause)
    const late: Promise<void>[] = []
    try {
      const detected = detector.detect()
      ignoreRejection(detected)
      for (const [name, value] of Object.entries(detected?.attributes ?? {})) {
        if (typeof (value as PromiseLike<unknown> | undefined)?.then !== 'function') {
          note(found, name, value)
          continue
        }
        late.push(
          Promise.resolve(value as PromiseLike<unknown>).then((settled) => {
            note(found, name, settled)
            this.#resource = this.#described()
            this.#envelope = undefined
          }, failed),
        )
      }
    } catch (cause) {
      failed(cause)
    }
    return late
  }

  #described(): ResourceInput {
    return this.#describe(Object.assign({}, ...this.#found))
  }
}

function note(found: Found, name: string, value: unknown): void {
  const input = toAttributeInput(value, Number.POSITIVE_INFINITY)
  if (input !== undefined && input !== null && name !== '') found[name] = input
}
