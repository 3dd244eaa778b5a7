/** The attributes of one span, event or link while it is open: keys and values in turn, each key once, up to a limit. */
import { type AttributeList, attributeKey, ListedAttributes } from '@rustok/otlp'
import { toRecorded } from '../redact/redaction.ts'
import { toAttributeInput } from './attribute-value.ts'

/** A list of `attributes` and how many did not fit. */
export function toList(
  attributes: { readonly [key: string]: unknown } | undefined,
  countLimit: number,
  lengthLimit: number,
): { list: AttributeList; dropped: number } {
  const list: AttributeList = []
  const beside = new ListedAttributes(list)
  let dropped = 0
  if (typeof attributes !== 'object' || attributes === null) return { list, dropped }
  for (const name of safeKeys(attributes)) {
    const value = toAttributeInput(safeGet(attributes, name), lengthLimit)
    if (value === undefined || name === '') continue
    if (list.length >= countLimit * 2) {
      dropped++
      continue
    }
    const key = attributeKey(name)
    const recorded = toRecorded(key, value, beside)
    if (recorded !== undefined) list.push(key, recorded)
  }
  return { list, dropped }
}

/** Whether `for … in` gives an object's own keys alone, which is quicker than to make a list of them. */
export function isPlain(attributes: object): boolean {
  const prototype = Object.getPrototypeOf(attributes)
  return prototype === Object.prototype || prototype === null
}

function safeKeys(attributes: object): readonly string[] {
  try {
    return Object.keys(attributes)
  } catch {
    return []
  }
}

function safeGet(attributes: { readonly [key: string]: unknown }, name: string): unknown {
  try {
    return attributes[name]
  } catch {
    return undefined
  }
}
