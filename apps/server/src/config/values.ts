/** How the values of settings are read. Each throws ExpectationError, saying what it takes. */
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { ExpectationError } from './setting.ts'

export const text = (value: string): string => value

export const path = (value: string): string => resolve(value)

export function port(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw new ExpectationError(`"${value}" is not a port (0 to 65535)`)
  }
  return Number(value)
}

export function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    if (!/^\d{1,9}$/.test(value) || Number(value) < min || Number(value) > max) {
      throw new ExpectationError(`"${value}" is not a number from ${min} to ${max}`)
    }
    return Number(value)
  }
}

export function boolean(value: string): boolean {
  const lower = value.toLowerCase()
  if (lower !== 'true' && lower !== 'false')
    throw new ExpectationError(`"${value}" is neither true nor false`)
  return lower === 'true'
}

/** In any case. */
export function oneOf<const T extends string>(allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value.toLowerCase())
    if (found === undefined) throw new ExpectationError(`"${value}" is not one of ${allowed.join(', ')}`)
    return found
  }
}

/** Addresses and networks, separated by commas. */
export function networks(value: string): readonly string[] {
  const entries = value.split(',').map((entry) => entry.trim())
  const wrong = entries.find((entry) => entry !== '' && !isNetwork(entry))
  if (wrong !== undefined)
    throw new ExpectationError(`"${wrong}" is no IP address and no network (10.0.0.0/8)`)
  return entries.filter((entry) => entry !== '')
}

function isNetwork(value: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(value) ?? []
  const version = isIP(address)
  return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128))
}

/** It may hold a password, so that the message shows no more of it than its scheme. */
export function postgresUrl(value: string): string {
  const url = URL.parse(value)
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return value
  const shown = url === null ? 'its value is not a URL' : `"${url.protocol}//" is not a Postgres URL`
  throw new ExpectationError(`${shown} (postgres://user:password@host:port/database)`)
}

/** Of one server or several, separated by commas. */
export function natsUrl(value: string): string {
  for (const part of value.split(',')) {
    const parsed = URL.parse(part.trim())
    if (parsed?.hostname && (parsed.protocol === 'nats:' || parsed.protocol === 'tls:')) continue
    throw new ExpectationError('its value is not a NATS URL (nats://user:password@host:port)')
  }
  return value
}

/** A word of subjects, and a directory's name at the server. */
export function natsStream(value: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(value)) return value
  throw new ExpectationError(`"${value}" is not a name of letters, digits, _ and -`)
}

/** `{tenant}` may stand anywhere in it. */
export function webhookUrl(value: string): string {
  const parsed = URL.parse(value.replaceAll('{tenant}', 'tenant'))
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return value
  throw new ExpectationError('its value is not an http or https URL')
}

/** RFC 7518 section 3.2: a key of at least the hash's size for HS256. */
const MIN_SECRET_BYTES = 32

/** `use` says what needs it. */
export function secret(use: string): (value: string) => string {
  return (value) => {
    const bytes = Buffer.byteLength(value)
    if (bytes >= MIN_SECRET_BYTES) return value
    throw new ExpectationError(`${use} needs at least ${MIN_SECRET_BYTES} bytes, it has ${bytes}`)
  }
}
