/** Attribute values of the OTLP model in the forms of the contract: plain JSON, exact where JSON numbers are not. */

import { type AnyValue, type KeyValue, KeyValueList } from '@rustok/otlp'
import type { Attribute, AttributeValue } from './contract.ts'

export function attributeView({ key, value }: KeyValue): Attribute {
  return { key, type: typeOf(value), value: attributeValue(value) }
}

function typeOf(value: AnyValue): Attribute['type'] {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'undefined':
      return 'empty'
  }
  if (value instanceof Uint8Array) return 'bytes'
  return value instanceof KeyValueList ? 'kvlist' : 'array'
}

function attributeValue(value: AnyValue): AttributeValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'bigint':
      return jsonInteger(value)
    case 'number':
      return jsonDouble(value)
    case 'undefined':
      return null
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof KeyValueList) return objectOf(value)
  return value.map(attributeValue)
}

/** With fromEntries, a key such as `__proto__` is a property like any other. */
function objectOf({ values }: KeyValueList): { readonly [key: string]: AttributeValue } {
  return Object.fromEntries(values.map(({ key, value }) => [key, attributeValue(value)]))
}

/** A number where it is exact, else decimal digits. */
export function jsonInteger(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** JSON has no infinities and no NaN. */
export function jsonDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
