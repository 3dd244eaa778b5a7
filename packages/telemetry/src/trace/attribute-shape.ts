/**
 * Which attributes a span has, shared by all spans that set the same keys in the same order: a span holds its values alone, and whether it
 * has a key already is answered once per program path instead of by a scan per attribute (V8's hidden classes, for attributes).
 *
 *   none ─ http.request.method ─▶ [method] ─ http.route ─▶ [method, route] ─ url.path ─▶ …
 *
 * Spans that set keys in ever new orders, or keys without end, get shapes of their own, which are scanned.
 */
import type { AttributeKey } from '@rustok/otlp'

/** Words that all shared shapes take together: half a megabyte. A service has some hundred shapes of some ten keys. */
const maxSharedWords = 65_536
/** Of a shape beside its keys. */
const wordsPerShape = 24
let sharedWords = 0

export class AttributeShape {
  readonly keys: readonly AttributeKey[]
  /** The key that came next the last time, and the shape with it: a comparison costs a fifth of a look-up. */
  usualKey: AttributeKey | undefined = undefined
  usualNext: AttributeShape | undefined = undefined
  /** False for one that belongs to one span. */
  readonly #shared: boolean
  /** Of further keys that came next; most shapes are followed by one. */
  #next: Map<AttributeKey, AttributeShape> | undefined

  private constructor(keys: readonly AttributeKey[], shared: boolean) {
    this.keys = keys
    this.#shared = shared
  }

  static readonly none: AttributeShape = new AttributeShape([], true)

  /** Where the value of `key` stands; -1 when the shape does not have it. */
  indexOf(key: AttributeKey): number {
    if (key === this.usualKey) return -1
    const index = this.keys.indexOf(key)
    // Only of keys beyond the table's bound may there be two of one name.
    return index >= 0 || key.interned ? index : this.keys.findIndex(({ name }) => name === key.name)
  }

  /** The shape with `key`, which this one does not have, at its end. */
  with(key: AttributeKey): AttributeShape {
    if (key === this.usualKey) return this.usualNext!
    const next = this.#next?.get(key) ?? this.#grow(key)
    if (next.#shared) {
      this.usualKey = key
      this.usualNext = next
    }
    return next
  }

  #grow(key: AttributeKey): AttributeShape {
    if (!this.#shared) {
      ;(this.keys as AttributeKey[]).push(key)
      return this
    }
    const keys = [...this.keys, key]
    const words = sharedWords + keys.length + wordsPerShape
    if (!key.interned || words > maxSharedWords) return new AttributeShape(keys, false)
    sharedWords = words
    const next = new AttributeShape(keys, true)
    this.#next ??= new Map()
    this.#next.set(key, next)
    return next
  }
}
