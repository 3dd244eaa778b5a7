/**
 * Reads Zipkin's v2 JSON, a list of spans (https://zipkin.io/zipkin-api/#/default/post_spans), and says by its place what is none. As Zipkin's own
 * server, it refuses a list as a whole: the protocol has no words for a part. Unknown fields are passed over.
 */

import { HttpError } from '../http-error.ts'

export interface ZipkinSpan {
  /** 32 lower-case hex digits; the high half is zeros for an id of 64 bits. */
  readonly traceId: string
  /** 16 lower-case hex digits, as are the parent's. */
  readonly id: string
  readonly parentId: string | undefined
  readonly name: string
  readonly kind: ZipkinKind | undefined
  /** Microseconds since 1970; undefined when it was not recorded. */
  readonly timestamp: bigint | undefined
  readonly duration: bigint | undefined
  readonly debug: boolean
  /** It continues a span of another process under that span's id. */
  readonly shared: boolean
  readonly localEndpoint: ZipkinEndpoint
  readonly remoteEndpoint: ZipkinEndpoint
  readonly annotations: readonly { readonly timestamp: bigint; readonly value: string }[]
  readonly tags: ReadonlyMap<string, string>
}

const kinds = ['CLIENT', 'SERVER', 'PRODUCER', 'CONSUMER'] as const
export type ZipkinKind = (typeof kinds)[number]

export interface ZipkinEndpoint {
  readonly serviceName: string
  readonly ipv4: string
  readonly ipv6: string
  readonly port: number
}

/** Throws HttpError. */
export function readZipkinSpans(body: Uint8Array): ZipkinSpan[] {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(body))
  } catch (error) {
    throw new HttpError(400, `JSON: ${error instanceof Error ? error.message : error}`)
  }
  if (!Array.isArray(value)) throw new HttpError(400, 'JSON: expected a list of spans')
  return value.map((item, index) => readSpan(objectOf(item, `[${index}]`), `[${index}]`))
}

type JsonObject = Readonly<Record<string, unknown>>

function readSpan(span: JsonObject, at: string): ZipkinSpan {
  const id = idOf(span, 'id', 16, at)
  const parentId = span.parentId == null ? undefined : idOf(span, 'parentId', 16, at)
  return {
    traceId: idOf(span, 'traceId', 32, at),
    id,
    // Some tracers write a root as its own parent.
    parentId: parentId === id ? undefined : parentId,
    name: textOf(span, 'name', at),
    kind: kindOf(span, at),
    timestamp: microsecondsOf(span, 'timestamp', at),
    duration: microsecondsOf(span, 'duration', at),
    debug: flagOf(span, 'debug', at),
    shared: flagOf(span, 'shared', at),
    localEndpoint: endpointOf(span, 'localEndpoint', at),
    remoteEndpoint: endpointOf(span, 'remoteEndpoint', at),
    annotations: annotationsOf(span, at),
    tags: tagsOf(span, at),
  }
}

function annotationsOf({ annotations }: JsonObject, at: string): ZipkinSpan['annotations'] {
  if (annotations == null) return []
  if (!Array.isArray(annotations)) throw misplaced(`${at}.annotations`, 'expected a list')
  return annotations.map((item, index) => {
    const place = `${at}.annotations[${index}]`
    const annotation = objectOf(item, place)
    return {
      timestamp: microsecondsOf(annotation, 'timestamp', place) ?? 0n,
      value: textOf(annotation, 'value', place),
    }
  })
}

/** Values are strings; numbers and booleans, which some tracers write, are taken by their text. */
function tagsOf({ tags }: JsonObject, at: string): ReadonlyMap<string, string> {
  const read = new Map<string, string>()
  if (tags == null) return read
  for (const [key, value] of Object.entries(objectOf(tags, `${at}.tags`))) {
    if (typeof value === 'object') throw misplaced(`${at}.tags[${JSON.stringify(key)}]`, 'expected a string')
    read.set(key.toWellFormed(), String(value).toWellFormed())
  }
  return read
}

function endpointOf(span: JsonObject, name: string, at: string): ZipkinEndpoint {
  const place = `${at}.${name}`
  const endpoint = span[name] == null ? {} : objectOf(span[name], place)
  const port = endpoint.port ?? 0
  if (!Number.isInteger(port) || Number(port) < 0 || Number(port) > 65_535) {
    throw misplaced(`${place}.port`, 'expected a port')
  }
  return {
    serviceName: textOf(endpoint, 'serviceName', place),
    ipv4: textOf(endpoint, 'ipv4', place),
    ipv6: textOf(endpoint, 'ipv6', place),
    port: Number(port),
  }
}

function idOf(object: JsonObject, name: string, digits: number, at: string): string {
  const value = object[name]
  if (typeof value !== 'string' || !/^[0-9a-f]+$/i.test(value) || value.length > digits) {
    throw misplaced(`${at}.${name}`, `expected 1 to ${digits} hexadecimal digits`)
  }
  if (/^0+$/.test(value)) throw misplaced(`${at}.${name}`, 'is zero')
  return value.toLowerCase().padStart(digits, '0')
}

function kindOf({ kind }: JsonObject, at: string): ZipkinKind | undefined {
  if (kind == null) return undefined
  const known = kinds.find((candidate) => candidate === kind)
  if (known === undefined) throw misplaced(`${at}.kind`, `expected one of ${kinds.join(', ')}`)
  return known
}

const latest = 2n ** 64n / 1000n

function microsecondsOf(object: JsonObject, name: string, at: string): bigint | undefined {
  const value = object[name]
  if (value == null) return undefined
  const number = typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : value
  const isWhole = typeof number === 'bigint' || Number.isInteger(number)
  if (!isWhole || (number as number | bigint) < 0 || (number as number | bigint) >= latest) {
    throw misplaced(`${at}.${name}`, 'expected a whole number of microseconds')
  }
  const microseconds = BigInt(number as number | bigint)
  // Zipkin's own servers take 0 for "not recorded".
  return microseconds === 0n ? undefined : microseconds
}

function textOf(object: JsonObject, name: string, at: string): string {
  const value = object[name] ?? ''
  if (typeof value !== 'string') throw misplaced(`${at}.${name}`, 'expected a string')
  return value.toWellFormed()
}

function flagOf(object: JsonObject, name: string, at: string): boolean {
  const value = object[name] ?? false
  if (typeof value !== 'boolean') throw misplaced(`${at}.${name}`, 'expected true or false')
  return value
}

function objectOf(value: unknown, at: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw misplaced(at, 'expected an object')
  return value as JsonObject
}

function misplaced(place: string, reason: string): HttpError {
  return new HttpError(400, `${place}: ${reason}`)
}
