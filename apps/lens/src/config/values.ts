/** How the values of settings are read. Each throws ExpectationError, saying what it takes. */

import { resolve } from 'node:path'
import { ExpectationError } from './setting.ts'

export function host(text: string): string {
  if (!/^[a-z0-9.:_-]+$/i.test(text)) throw new ExpectationError('a host name or an address')
  return text
}

export function port(text: string): number {
  const number = Number(text)
  if (!/^\d{1,5}$/.test(text) || number > 65_535) throw new ExpectationError('a port from 0 to 65535')
  return number
}

export function httpUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new ExpectationError('an http or https URL')
  return url
}

/** Off, into Lens itself, or to an endpoint of OTLP. */
export function tracesTo(text: string): boolean | URL {
  if (text === 'true' || text === 'false') return text === 'true'
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ExpectationError('true, false, or an endpoint of OTLP such as http://127.0.0.1:4317')
  }
  return url
}

/** An origin as browsers send it, or one whose host begins with `*.`: any subdomain, of any depth. */
export function originPattern(text: string): string {
  const plain = text.replace('://*.', '://')
  const url = URL.parse(plain)
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.host.includes('*')) {
    throw new ExpectationError('origins such as https://app.example.com or https://*.example.com')
  }
  return plain === text ? url.origin : url.origin.replace('://', '://*.')
}

export function path(text: string): string {
  return resolve(text)
}

export function yesOrNo(text: string): boolean {
  return oneOf(['true', 'false'])(text) === 'true'
}

/** In any case; the value is the one of the list. */
export function oneOf<Value extends string>(values: readonly Value[]): (text: string) => Value {
  return (text) => {
    const match = values.find((candidate) => candidate === text.toLowerCase())
    if (match === undefined) throw new ExpectationError(`one of ${values.join(', ')}`)
    return match
  }
}

/** Separated by commas. */
export function listOf<Value>(parse: (text: string) => Value): (text: string) => readonly Value[] {
  return (text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map(parse)
}

export function text(text: string): string {
  return text
}

/** Replicas that must have an insert: a number from 1, or `auto` for more than half of them. */
export function quorum(text: string): number | 'auto' {
  if (text === 'auto') return text
  if (!/^[1-9]\d?$/.test(text)) throw new ExpectationError('a number from 1 to 99, or auto')
  return Number(text)
}

/** Of arrival; whole days, since a day is what is dropped at once. */
export function days(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new ExpectationError('a number of days from 1 to 99999')
  return Number(text)
}

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}
/** Smaller than what an empty store and its merges take. */
const leastBytes = 50e6

/** Bytes as `500MB`, `20GB`, `1.5TiB`. */
export function byteSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]i?B)?$/i.exec(text) ?? []
  const bytes = Math.floor(Number(number) * (byteUnits[unit.toUpperCase()] ?? Number.NaN))
  if (number === '' || !(bytes >= leastBytes)) {
    throw new ExpectationError('a size from 50MB, such as 500MB or 20GB')
  }
  return bytes
}
