/**
 * Which attributes a span has, shared by all spans that set the same keys in the same order: a span holds its values alone, and whether it
 * has a key already is answered once per program path instead of by a scan per attribute (V8's hidden classes, for attributes).
 *
 *   none ─ http.request.method ─▶ [method] ─ http.route ─▶ [method, route] ─ url.path ─▶ …
 *
 * Spans that set keys in ever new orders, or keys without end, get shapes of their own, which are scanned.
 */
import type { AttributeKey } from '@rustok/otlp'

/** Keys in all shared shapes together: half a megabyte. A service has some hundred shapes of some ten keys. */
const maxSharedKeys = 65_536
let sharedKeys = 0

export class AttributeShape {
  readonly keys: readonly AttributeKey[]
  /** The key that came next the last time, and the shape with it: a comparison costs a fifth of a look-up. */
  usualKey: AttributeKey | undefined = undefined
  usualNext: AttributeShape | undefined = undefined
  /** Undefined for a shape of one span's own. */
  readonly #next: Map<AttributeKey, AttributeShape> | undefined

  private constructor(keys: readonly AttributeKey[], shared: boolean) {
    this.keys = keys
    this.#next = shared ? new Map() : undefined
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
    if (next.#next !== undefined) {
      this.usualKey = key
      this.usualNext = next
    }
    return next
  }

  #grow(key: AttributeKey): AttributeShape {
    if (this.#next === undefined) {
      // One span owns it: it is in no table.
      ;(this.keys as AttributeKey[]).push(key)
      return this
    }
    const keys = [...this.keys, key]
    if (!key.interned || sharedKeys + keys.length > maxSharedKeys) return new AttributeShape(keys, false)
    sharedKeys += keys.length
    const next = new AttributeShape(keys, true)
    this.#next.set(key, next)
    return next
  }
}
