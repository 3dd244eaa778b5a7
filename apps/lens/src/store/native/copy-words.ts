/** Copies short runs of bytes by words of 32 bits: native copies begin to win at some hundred bytes, and need an object each. */

/** The bytes in [start, end) of `from`, to `at` in `to`. Whether all of them are ASCII. */
export function copyWords(from: DataView, start: number, end: number, to: DataView, at: number): boolean {
  let seen = 0
  let source = start
  let target = at
  for (; source + 4 <= end; source += 4, target += 4) {
    const word = from.getInt32(source, true)
    seen |= word
    to.setInt32(target, word, true)
  }
  for (; source < end; source++, target++) {
    const byte = from.getInt8(source)
    seen |= byte
    to.setInt8(target, byte)
  }
  return (seen & 0x8080_8080) === 0
}
