/**
 * Turns whatever an application passes as an attribute value into what OTLP can say. Primitives pass through; everything
 * else is copied once, because the caller may change it later, and nothing it does while being read can throw into the caller.
 */
import type { AttributeInput } from '@rustok/otlp'
import { ignoreRejection } from '../ignore-rejection.ts'

/** A cyclic or deep value ends here; decoders refuse messages nested much deeper. */
const maxDepth = 16
/** Nodes of one value: what remains of a larger graph is dropped. */
const maxNodes = 10_000
/** Of one string when no limit is configured: a longer one would not fit a collector's usual request of 4 MiB. */
export const maxStringLength = 1_048_576

/** `undefined` when there is nothing to keep. */
export function toAttributeInput(value: unknown, lengthLimit: number): AttributeInput {
  switch (typeof value) {
    case 'string':
      return shorten(value, lengthLimit)
    case 'number':
    case 'boolean':
    case 'bigint':
    case 'undefined':
      return value
    default:
      try {
        return copy(value, Math.min(lengthLimit, maxStringLength), { left: maxNodes }, 0)
      } catch {
        return undefined
      }
  }
}

function shorten(text: string, lengthLimit: number): string {
  const limit = Math.min(lengthLimit, maxStringLength)
  return text.length <= limit ? text : text.slice(0, limit)
}

/** What was passed as a name or an id, as text; callers without types pass anything. */
export function toName(name: unknown): string {
  if (typeof name === 'string') return shorten(name, Number.POSITIVE_INFINITY)
  try {
    return shorten(String(name), Number.POSITIVE_INFINITY)
  } catch {
    return ''
  }
}

function copy(value: unknown, limit: number, nodes: { left: number }, depth: number): AttributeInput {
  if (typeof value === 'string') return shorten(value, limit)
  if (typeof value === 'function' || typeof value === 'symbol') return shorten(String(value), limit)
  if (typeof value !== 'object' || value === null) return value as AttributeInput
  if (depth >= maxDepth || nodes.left-- <= 0) return undefined
  if (value instanceof Error) return shorten(`${value.name}: ${value.message}`, limit)
  // A Buffer's own `slice` shares its memory.
  if (value instanceof Uint8Array) return Uint8Array.prototype.slice.call(value, 0, limit)
  if (Array.isArray(value)) return copyArray(value, limit, nodes, depth)
  const json = read(value, 'toJSON')
  if (typeof json === 'function') {
    const told: unknown = json.call(value, '')
    return ignoreRejection(told) ? undefined : copy(told, limit, nodes, depth + 1)
  }
  const copied: Record<string, AttributeInput> = Object.create(null)
  for (const key of Object.keys(value)) {
    if (nodes.left-- <= 0) break
    const item = copy(read(value, key), limit, nodes, depth + 1)
    if (item !== undefined) copied[key] = item
  }
  return copied
}

function copyArray(
  values: readonly unknown[],
  limit: number,
  nodes: { left: number },
  depth: number,
): AttributeInput[] {
  const copied: AttributeInput[] = []
  for (let i = 0; i < values.length && nodes.left-- > 0; i++) {
    copied.push(copy(read(values, i), limit, nodes, depth + 1) ?? null)
  }
  return copied
}

/** A property whose getter may throw. */
function read(target: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(target, key)
  } catch {
    return undefined
  }
}
