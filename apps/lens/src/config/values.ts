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
