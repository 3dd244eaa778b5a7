/**
 * Reads protobuf's JSON mapping (https://protobuf.dev/programming-guides/json/) out of parsed JSON for decode-json.ts and the
 * responses: names in lowerCamelCase or snake_case, null for absent, unknown names ignored, and an error that says where. Each `read…`
 * takes the object, the field's name and the object's place, and gives the field's default when it is absent.
 */

import { MalformedOtlpError } from './errors.ts'
import { int32Max, int32Min, int64Max, int64Min, uint32Max, uint64Max } from './integer-range.ts'

export type JsonObject = { readonly [name: string]: unknown }

/** Where an object stands in its document, as a list back to the root; becomes text only in an error. */
export interface Place {
  readonly parent: Place | undefined
  readonly name: string
  readonly index: number | undefined
}

/** Integers of 16 digits and more outside of quotes; doubles would lose their last digits. */
const longInteger = /[:[,]\s*-?\d{16}/
const integerText = /^-?\d{1,20}$/
const numberText = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/
const base64Text = /^[A-Za-z0-9+/_-]*={0,2}$/

/** The object in `text`. Numbers that a double cannot hold come as bigint. */
export function parseObject(text: string | Uint8Array): JsonObject {
  let value: unknown
  try {
    const json = typeof text === 'string' ? text : new TextDecoder().decode(text)
    // A reviver makes parsing five times slower, and senders that follow OTLP write long integers as strings.
    value = longInteger.test(json) ? JSON.parse(json, reviveLongInteger) : JSON.parse(json)
  } catch (cause) {
    throw new MalformedOtlpError(cause instanceof Error ? cause.message : 'not JSON', 'JSON', undefined, {
      cause,
    })
  }
  if (!isObject(value)) throw new MalformedOtlpError('expected an object', 'JSON')
  return value
}

function reviveLongInteger(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  return integerText.test(source) ? BigInt(source) : value
}

export function fail(reason: string, name: string, place: Place | undefined, index?: number): never {
  throw new MalformedOtlpError(reason, pathOf({ parent: place, name, index }))
}

function pathOf(place: Place): string {
  const own = place.index === undefined ? place.name : `${place.name}[${place.index}]`
  return place.parent === undefined ? own : `${pathOf(place.parent)}.${own}`
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The field's value, undefined when absent. */
export function readField(object: JsonObject, name: string): unknown {
  return object[name] ?? object[snakeCase(name)] ?? undefined
}

const snakeCases = new Map<string, string>()

function snakeCase(name: string): string {
  let snake = snakeCases.get(name)
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    snakeCases.set(name, snake)
  }
  return snake
}

/** A repeated message. */
export function readList<T>(
  object: JsonObject,
  name: string,
  place: Place | undefined,
  read: (item: JsonObject, place: Place) => T,
): T[] {
  const value = readField(object, name) ?? []
  if (!Array.isArray(value)) fail('expected an array', name, place)
  return value.map((item: unknown, index) => {
    if (!isObject(item)) fail('expected an object', name, place, index)
    return read(item, { parent: place, name, index })
  })
}

/** A message; an empty object when absent. */
export function readObject<T>(
  object: JsonObject,
  name: string,
  place: Place | undefined,
  read: (item: JsonObject, place: Place) => T,
): T {
  const value = readField(object, name) ?? {}
  if (!isObject(value)) fail('expected an object', name, place)
  return read(value, { parent: place, name, index: undefined })
}

export function readString(object: JsonObject, name: string, place: Place | undefined): string {
  return toText(readField(object, name) ?? '', name, place)
}

export function readUint32(object: JsonObject, name: string, place: Place | undefined): number {
  return Number(toInteger(readField(object, name) ?? 0, 0, uint32Max, name, place))
}

export function readUint64(object: JsonObject, name: string, place: Place | undefined): bigint {
  return BigInt(toInteger(readField(object, name) ?? 0, 0n, uint64Max, name, place))
}

export function readInt64(object: JsonObject, name: string, place: Place | undefined): bigint {
  return toInt64(readField(object, name) ?? 0, name, place)
}

export function readInt32(object: JsonObject, name: string, place: Place | undefined): number {
  return Number(toInteger(readField(object, name) ?? 0, int32Min, int32Max, name, place))
}

/** An enum by number or by name; a name that is not in `names` is one of a later version, and 0. */
export function readEnum(
  object: JsonObject,
  name: string,
  place: Place | undefined,
  names: Readonly<Record<string, number>>,
): number {
  const value = readField(object, name) ?? 0
  if (typeof value === 'string' && !numberText.test(value))
    return Object.hasOwn(names, value) ? names[value]! : 0
  return Number(toInteger(value, int32Min, int32Max, name, place))
}

/** OTLP's own rule for ids: hexadecimal in either case, where protobuf would have base64. */
export function readHex(object: JsonObject, name: string, place: Place | undefined): Uint8Array {
  const hex = toText(readField(object, name) ?? '', name, place)
  if (hex.length % 2 !== 0) fail('expected an even number of hexadecimal digits', name, place)
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const byte = (hexDigit(hex.charCodeAt(i * 2)) << 4) | hexDigit(hex.charCodeAt(i * 2 + 1))
    if (byte < 0) fail('expected hexadecimal digits', name, place)
    bytes[i] = byte
  }
  return bytes
}

/** The digit's value, or -1. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

export function toText(value: unknown, name: string, place: Place | undefined): string {
  if (typeof value !== 'string') fail('expected a string', name, place)
  // A lone surrogate is no Unicode text: U+FFFD, as in every UTF-8 encoder.
  return value.toWellFormed()
}

export function toBytes(value: unknown, name: string, place: Place | undefined): Uint8Array {
  if (typeof value !== 'string' || !base64Text.test(value)) fail('expected base64', name, place)
  return Uint8Array.from(Buffer.from(value, 'base64'))
}

function toInt64(value: unknown, name: string, place: Place | undefined): bigint {
  return BigInt(toInteger(value, int64Min, int64Max, name, place))
}

/** An integer number that int64 cannot hold stays a double: OpenTelemetry's JavaScript SDK writes 1e300 as an integer. */
export function toInt64OrDouble(value: unknown, name: string, place: Place | undefined): bigint | number {
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  if (isNumber && (value > int64Max || value < int64Min)) return toDouble(value, name, place)
  return toInt64(value, name, place)
}

export function toDouble(value: unknown, name: string, place: Place | undefined): number {
  if (typeof value === 'bigint') return Number(value)
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity') return Number.POSITIVE_INFINITY
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY
  const number = typeof value === 'string' && numberText.test(value) ? Number(value) : value
  if (typeof number !== 'number') fail('expected a number', name, place)
  if (!Number.isFinite(number)) fail('the number is out of range', name, place)
  return number
}

/** A number, or its decimal text, that is an integer within [min, max]. */
function toInteger<T extends number | bigint>(
  value: unknown,
  min: T,
  max: T,
  name: string,
  place: Place | undefined,
): number | bigint {
  let integer = value
  if (typeof value === 'string') integer = integerText.test(value) ? BigInt(value) : fromNumberText(value)
  if (typeof integer !== 'bigint' && !Number.isInteger(integer)) fail('expected an integer', name, place)
  const checked = integer as number | bigint
  if (checked < min || checked > max) fail(`expected an integer from ${min} to ${max}`, name, place)
  // Without the sign of -0, which JSON can have and integers cannot.
  return checked === 0 ? 0 : checked
}

/** `1e3` and `1.0` are integers to protobuf, too. */
function fromNumberText(text: string): number | undefined {
  return numberText.test(text) ? Number(text) : undefined
}
