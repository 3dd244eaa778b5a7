/** Times as RFC 3339 writes them, to the nanosecond, which a Date cannot hold. */

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/** Unix nanoseconds, negative before 1970; undefined for text that is no time. Digits beyond the ninth are cut off. */
export function parseRfc3339(text: string): bigint | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  const date = new Date(ms)
  // 31 April and 25 o'clock are carried over by Date: what comes out is another time than what stands there.
  if (year < 100 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)]
  if (offsetHours > 23 || offsetMinutes > 59) return undefined
  const offset = (offsetHours * 60 + offsetMinutes) * (match[8] === '-' ? -60_000 : 60_000)
  const fraction = BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0'))
  return BigInt(ms - offset) * 1_000_000n + fraction
}

type Six = [number, number, number, number, number, number]
