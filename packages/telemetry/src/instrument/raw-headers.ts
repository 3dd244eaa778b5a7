/** Headers as they came, names and values in turn: the getter `request.headers` builds an object that a small handler never needs. */
import type { TextMapGetter } from '@opentelemetry/api'

/** The first of that name, which is in lower case. */
export function rawHeader(rawHeaders: readonly string[], name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (isNamed(rawHeaders[i]!, name)) return rawHeaders[i + 1]
  }
  return undefined
}

/** Headers of one length are common (`user-agent`, `connection`, `tracestate`), so the first letter is compared before the case is folded. */
function isNamed(candidate: string, name: string): boolean {
  return (
    candidate.length === name.length &&
    (candidate === name ||
      ((candidate.charCodeAt(0) | 0x20) === name.charCodeAt(0) && candidate.toLowerCase() === name))
  )
}

export function hasBody(rawHeaders: readonly string[]): boolean {
  const length = rawHeader(rawHeaders, 'content-length')
  return length === undefined ? rawHeader(rawHeaders, 'transfer-encoding') !== undefined : length !== '0'
}

/** Reads what a propagator asks for, all values of a repeated one. */
export const rawHeadersGetter: TextMapGetter<readonly string[]> = {
  keys: (rawHeaders) => rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()),
  get: (rawHeaders, name) => {
    const lower = name.toLowerCase()
    const values: string[] = []
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (isNamed(rawHeaders[i]!, lower)) values.push(rawHeaders[i + 1]!)
    }
    return values.length > 1 ? values : values[0]
  },
}
