/** Durations as people and Go write them: `150ms`, `1.5s`, `1h30m`, `2d`. */

const nanosOf: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
}

const part = /(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/gy

/** A hundred years, beyond which nanoseconds no longer fit an Int64 with ease. */
const longest = 100 * 365 * 86_400e9

/** In nanoseconds; undefined for text that is no duration, or a negative or absurdly long one. */
export function parseDuration(text: string): bigint | undefined {
  if (text === '0') return 0n
  part.lastIndex = 0
  let nanos = 0
  let end = 0
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    nanos += Number(match[1]) * (nanosOf[match[2] ?? ''] ?? 0)
    end = part.lastIndex
  }
  if (end === 0 || end !== text.length || nanos > longest) return undefined
  return BigInt(Math.round(nanos))
}
