/** The Retry-After header of HTTP (RFC 9110, 10.2.3), in milliseconds: seconds or a date; undefined for anything else. */
export function parseRetryAfter(value: string | undefined, nowMs = Date.now()): number | undefined {
  if (value === undefined) return undefined
  if (/^\s*-?\d+\s*$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : at - nowMs
}
