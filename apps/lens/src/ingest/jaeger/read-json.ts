/** Fields of Jaeger's JSON, read with their types, and the place of one that has another. */

import type { AnyValue, KeyValue } from '@rustok/otlp'
import { HttpError } from '../http-error.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** Integers that a number cannot hold are kept as their digits. Throws HttpError. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body), exact)
  } catch (error) {
    throw new HttpError(400, `JSON: ${error instanceof Error ? error.message : error}`)
  }
}

function exact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) ? source : value
}

export function objectOf(value: unknown, at: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected(at, 'an object')
  return value as JsonObject
}

export function listOf(object: JsonObject, name: string, at: string): readonly unknown[] {
  const value = object[name]
  if (!Array.isArray(value)) throw unexpected(`${at}.${name}`, 'a list')
  return value
}

export function textOf(object: JsonObject, name: string, at: string): string {
  const value = object[name]
  if (typeof value !== 'string') throw unexpected(`${at}.${name}`, 'a text')
  return value
}

export function bitsOf(object: JsonObject, name: string, at: string): number {
  const value = object[name]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw unexpected(`${at}.${name}`, 'an integer of 32 bits')
  }
  return value
}

/** Hex digits, of which leading zeros may be missing. */
export function idOf(object: JsonObject, name: string, bytes: number, at: string): Uint8Array {
  const text = textOf(object, name, at)
  if (!/^[0-9a-f]+$/i.test(text) || text.length > bytes * 2) {
    throw unexpected(`${at}.${name}`, `up to ${bytes * 2} hex digits`)
  }
  return new Uint8Array(Buffer.from(text.padStart(bytes * 2, '0'), 'hex'))
}

/** In nanoseconds. */
export function microsecondsOf(object: JsonObject, name: string, at: string): bigint {
  const value = object[name]
  // Up to the year 2554, where nanoseconds of 64 bits end.
  if (typeof value !== 'number' || !(value >= 0) || value > 18_446_744_073_709_550) {
    throw unexpected(`${at}.${name}`, 'microseconds')
  }
  return Number.isInteger(value) ? BigInt(value) * 1000n : BigInt(Math.round(value * 1000))
}

/** A list of `{ key, type, value }`; absent counts as empty. */
export function attributesOf(object: JsonObject, name: string, at: string): KeyValue[] {
  if (object[name] == null) return []
  return listOf(object, name, at).map((item, index) => {
    const place = `${at}.${name}[${index}]`
    const tag = objectOf(item, place)
    return { key: textOf(tag, 'key', place), value: tagValueOf(tag, place) }
  })
}

/** Numbers stand in texts, too, where JSON cannot say them exactly. */
function tagValueOf({ type, value }: JsonObject, at: string): AnyValue {
  switch (type) {
    case 'bool':
      if (typeof value === 'boolean') return value
      if (value === 'true' || value === 'false') return value === 'true'
      throw unexpected(`${at}.value`, 'true or false')
    case 'int64':
      return integerOf(value, at)
    case 'float64':
      if (typeof value === 'number') return value
      if (
        typeof value === 'string' &&
        value.trim() !== '' &&
        (value === 'NaN' || !Number.isNaN(Number(value)))
      ) {
        return Number(value)
      }
      throw unexpected(`${at}.value`, 'a number')
    case 'binary':
      if (typeof value !== 'string') throw unexpected(`${at}.value`, 'base64')
      return new Uint8Array(Buffer.from(value, 'base64'))
    default:
      if (typeof value === 'string' || typeof value === 'boolean') return value
      if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
      if (value === undefined || value === null) return undefined
      return JSON.stringify(value)
  }
}

function integerOf(value: unknown, at: string): bigint {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
  const integer = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
  if (integer === undefined || BigInt.asIntN(64, integer) !== integer) {
    throw unexpected(`${at}.value`, 'an integer of 64 bits')
  }
  return integer
}

export function unexpected(at: string, expected: string): HttpError {
  return new HttpError(400, `${at}: expected ${expected}`)
}
