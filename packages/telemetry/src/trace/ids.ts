/**
 * Trace and span ids: 128 and 64 random bits as 32-bit integers, from xoshiro128** (Blackman and Vigna), seeded by the operating
 * system once per process and thread. Ids need to be unlikely to collide, not unpredictable: the generator is thirty times cheaper
 * than crypto.randomBytes. All bits are random, as the W3C random flag promises (Trace Context level 2, section 3.2.2.5.2).
 */
import { randomFillSync } from 'node:crypto'

let s0 = 0
let s1 = 0
let s2 = 0
let s3 = 0
seed()

function seed(): void {
  const words = randomFillSync(new Int32Array(4))
  s0 = words[0]! | 1 // The state must not be all zero.
  s1 = words[1]!
  s2 = words[2]!
  s3 = words[3]!
}

/** 32 random bits as a signed integer. */
export function randomInt32(): number {
  const mixed = Math.imul(s1, 5)
  const result = Math.imul((mixed << 7) | (mixed >>> 25), 9)
  const t = s1 << 9
  s2 ^= s0
  s3 ^= s1
  s1 ^= s2
  s0 ^= s3
  s2 ^= t
  s3 = (s3 << 11) | (s3 >>> 21)
  return result
}

const hexBytes = Array.from({ length: 0x100 }, (_, i) => i.toString(16).padStart(2, '0'))

/** Eight lower-case hex digits of a 32-bit integer. */
export function hex32(word: number): string {
  const high = hexBytes[word >>> 24]! + hexBytes[(word >>> 16) & 0xff]!
  return high + hexBytes[(word >>> 8) & 0xff]! + hexBytes[word & 0xff]!
}

/** The 32-bit integer of eight hex digits at `offset`; NaN-free only for checked input. */
export function parseHex32(hex: string, offset: number): number {
  return Number.parseInt(hex.slice(offset, offset + 8), 16) | 0
}
