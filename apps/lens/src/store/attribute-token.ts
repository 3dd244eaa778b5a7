/**
 * An attribute as one string, the form in which the store keeps it: `key=tVALUE`, where `t` says the value's type, so that nothing that
 * OTLP can say is lost and that equality is a comparison of strings (and an index of strings is an index of attributes).
 *
 *   s string   i int64     d double          t bool
 *   x bytes in base64      a array, k kvlist: typed JSON      e no value
 *
 * `=` and `\` in a key are escaped with a backslash. Written by the ingest, read by the queries.
 */

import { type AnyValue, type KeyValue, KeyValueList } from '@rustok/otlp'

export function encodeAttribute({ key, value }: KeyValue): string {
  return `${encodeKey(key)}=${encodeValue(value)}`
}

export function decodeAttribute(token: string): KeyValue {
  let end = token.indexOf('=')
  if (token.lastIndexOf('\\', end) === -1) {
    return { key: token.slice(0, end), value: decodeValue(token[end + 1] ?? 'e', token.slice(end + 2)) }
  }
  while (isEscaped(token, end)) end = token.indexOf('=', end + 1)
  const key = token.slice(0, end).replace(/\\(.)/g, '$1')
  return { key, value: decodeValue(token[end + 1] ?? 'e', token.slice(end + 2)) }
}

/** Every token that an attribute with this key and this text could have been stored as, whatever its type. */
export function tokensEqualTo(key: string, text: string): string[] {
  const prefix = `${encodeKey(key)}=`
  const tokens = [`${prefix}s${text}`]
  if (/^-?\d{1,19}$/.test(text)) tokens.push(`${prefix}i${BigInt(text)}`)
  if (text.trim() !== '' && !Number.isNaN(Number(text))) tokens.push(`${prefix}d${doubleText(Number(text))}`)
  if (text === 'true' || text === 'false') tokens.push(`${prefix}t${text}`)
  return tokens
}

export function encodeKey(key: string): string {
  return key.includes('=') || key.includes('\\') ? key.replace(/[\\=]/g, '\\$&') : key
}

function isEscaped(token: string, position: number): boolean {
  let backslashes = 0
  while (token[position - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

function encodeValue(value: AnyValue): string {
  switch (typeof value) {
    case 'string':
      return `s${value}`
    case 'bigint':
      return `i${value}`
    case 'number':
      return `d${doubleText(value)}`
    case 'boolean':
      return `t${value}`
    case 'undefined':
      return 'e'
  }
  if (value instanceof Uint8Array) return `x${base64(value)}`
  if (value instanceof KeyValueList) return `k${JSON.stringify(value.values.map(pairToJson))}`
  return `a${JSON.stringify(value.map(valueToJson))}`
}

function decodeValue(type: string, text: string): AnyValue {
  switch (type) {
    case 's':
      return text
    case 'i':
      return BigInt(text)
    case 'd':
      return Number(text)
    case 't':
      return text === 'true'
    case 'x':
      return bytesOf(text)
    case 'a':
      return (JSON.parse(text) as TypedJson[]).map(valueFromJson)
    case 'k':
      return new KeyValueList((JSON.parse(text) as TypedPair[]).map(pairFromJson))
    default:
      return undefined
  }
}

/** A nested value in JSON: strings, booleans and lists as they are, null for no value, the rest behind its type. */
type TypedJson =
  | string
  | boolean
  | null
  | TypedJson[]
  | { i: string }
  | { d: string }
  | { x: string }
  | { k: TypedPair[] }
type TypedPair = [key: string, value: TypedJson]

function valueToJson(value: AnyValue): TypedJson {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'bigint':
      return { i: value.toString() }
    case 'number':
      return { d: doubleText(value) }
    case 'undefined':
      return null
  }
  if (value instanceof Uint8Array) return { x: base64(value) }
  if (value instanceof KeyValueList) return { k: value.values.map(pairToJson) }
  return value.map(valueToJson)
}

function valueFromJson(json: TypedJson): AnyValue {
  if (json === null) return undefined
  if (typeof json !== 'object') return json
  if (Array.isArray(json)) return json.map(valueFromJson)
  if ('i' in json) return BigInt(json.i)
  if ('d' in json) return Number(json.d)
  if ('x' in json) return bytesOf(json.x)
  return new KeyValueList(json.k.map(pairFromJson))
}

function pairToJson({ key, value }: KeyValue): TypedPair {
  return [key, valueToJson(value)]
}

function pairFromJson([key, value]: TypedPair): KeyValue {
  return { key, value: valueFromJson(value) }
}

function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
