/**
 * An attribute as one string, the form in which the store keeps it: `key:t=VALUE`, where `t` says the value's type, so that nothing that
 * OTLP can say is lost, and an index of strings is an index of attributes. Written by the ingest, read by the queries.
 *
 *   s string   i int64     d double          t bool
 *   x bytes in base64      a array, k kvlist: typed JSON      e no value
 *
 * In a key, `=` and `\` are escaped with a backslash: the first bare `=` is the one before the value.
 */

import { type AnyValue, type KeyValue, KeyValueList } from '@rustok/otlp'
import type { ByteBuffer } from './native/byte-buffer.ts'

export function encodeAttribute({ key, value }: KeyValue): string {
  return `${encodeKey(key)}:${typeOf(value)}=${textOf(value)}`
}

/** Appends what `encodeAttribute` returns, without making a string of it. */
export function appendAttribute(buffer: ByteBuffer, { key, value }: KeyValue): void {
  if (typeof value === 'string') buffer.appendPrefixed(stringPrefix(key), value)
  else buffer.appendString(encodeAttribute({ key, value }))
}

const stringPrefixes = new Map<string, Uint8Array>()
/** Keys are few; a sender that makes up new ones must not fill the memory. */
const mostPrefixes = 4096

function stringPrefix(key: string): Uint8Array {
  const known = stringPrefixes.get(key)
  if (known !== undefined) return known
  const prefix = Buffer.from(`${encodeKey(key)}:s=`)
  if (stringPrefixes.size < mostPrefixes) stringPrefixes.set(key, prefix)
  return prefix
}

export function decodeAttribute(token: string): KeyValue {
  let end = token.indexOf('=')
  while (isEscaped(token, end)) end = token.indexOf('=', end + 1)
  const key = token.slice(0, end - 2)
  return {
    key: key.includes('\\') ? key.replace(/\\(.)/g, '$1') : key,
    value: decodeValue(token[end - 1] ?? 'e', token.slice(end + 1)),
  }
}

/** Every token that an attribute with this key and this text could have been stored as, whatever its type. */
export function tokensEqualTo(key: string, text: string): string[] {
  const prefix = encodeKey(key)
  const tokens = [`${prefix}:s=${text}`]
  if (/^-?\d{1,19}$/.test(text)) tokens.push(`${prefix}:i=${BigInt(text)}`)
  if (text === 'NaN' || (text.trim() !== '' && !Number.isNaN(Number(text))))
    tokens.push(`${prefix}:d=${doubleText(Number(text))}`)
  if (text === 'true' || text === 'false') tokens.push(`${prefix}:t=${text}`)
  return tokens
}

/** What the tokens of a key begin with; one character, the type, and `=` follow. */
export function attributePrefix(key: string): string {
  return `${encodeKey(key)}:`
}

function encodeKey(key: string): string {
  return key.includes('=') || key.includes('\\') ? key.replace(/[\\=]/g, '\\$&') : key
}

function isEscaped(token: string, position: number): boolean {
  let backslashes = 0
  while (token[position - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

function typeOf(value: AnyValue): string {
  switch (typeof value) {
    case 'string':
      return 's'
    case 'bigint':
      return 'i'
    case 'number':
      return 'd'
    case 'boolean':
      return 't'
    case 'undefined':
      return 'e'
  }
  if (value instanceof Uint8Array) return 'x'
  return value instanceof KeyValueList ? 'k' : 'a'
}

function textOf(value: AnyValue): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return doubleText(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'undefined':
      return ''
  }
  if (value instanceof Uint8Array) return base64(value)
  if (value instanceof KeyValueList) return JSON.stringify(value.values.map(pairToJson))
  return JSON.stringify(value.map(valueToJson))
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
