/** Numbers as people write them, with the units of sizes: `500`, `-1.5e3`, `10kB`, `2GiB`. */

const pattern = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)([kmgt]?i?b)?$/i

const factors: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

const int64 = 2n ** 63n

/** A bigint if it is whole and fits 64 bits. Undefined for text that is no number, and for infinite ones. */
export function parseNumber(text: string): bigint | number | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, digits = '', unit = ''] = match
  const factor = factors[unit.toLowerCase() || 'b']
  if (factor === undefined) return undefined
  if (/^[+-]?\d+$/.test(digits)) {
    const whole = BigInt(digits.replace('+', '')) * BigInt(factor)
    return whole >= -int64 && whole < int64 ? whole : finite(Number(whole))
  }
  const number = Number(digits) * factor
  const fits = Number.isInteger(number) && number >= -(2 ** 63) && number < 2 ** 63
  return fits ? BigInt(number) : finite(number)
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined
}
