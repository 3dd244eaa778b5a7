/**
 * Strings that come again and again (attribute keys, span names), found by their bytes: a hit returns the same string object, whose hash
 * the engine knows already, so that looking it up in a Map is cheap for whoever reads the decoded spans. As fast as cutting a
 * slice of the input, and holds nothing of the input alive.
 *
 *   slot = hash of the bytes     lengths [ 11 ][  0 ][  9 ] …
 *                                words   [http.route…][…16 words…] …   the bytes, as they were read
 *                                strings ['http.route', …
 */

/** One string per slot, the newest wins: 1,024 slots are 64 KiB of bytes and serve some hundred keys with few collisions. */
const slotCount = 1024
const wordsPerSlot = 16
const maxLength = wordsPerSlot * 4

const words = new Int32Array(slotCount * wordsPerSlot)
/** 0 for a slot that was never used. */
const lengths = new Uint8Array(slotCount)
const strings: string[] = new Array(slotCount).fill('')

/** The string in [start, end) of `view`; `decode` makes it when the table does not have it. */
export function intern(view: DataView, start: number, end: number, decode: StringDecoder): string {
  const length = end - start
  if (length < 4 || length > maxLength) return decode.slice(start, end)
  // The last word overlaps the one before it, so that no byte beyond the string is read.
  const last = end - 4
  let hash = Math.imul(view.getInt32(last, true) ^ length, 0x9e3779b1)
  for (let at = start; at < last; at += 4) {
    hash = Math.imul(hash ^ (hash >>> 15) ^ view.getInt32(at, true), 0x85ebca6b)
  }
  const slot = (hash ^ (hash >>> 15)) & (slotCount - 1)

  if (lengths[slot] === length) {
    let different = 0
    let word = slot * wordsPerSlot
    for (let at = start; at < last; at += 4) different |= view.getInt32(at, true) ^ words[word++]!
    different |= view.getInt32(last, true) ^ words[word]!
    if (different === 0) return strings[slot]!
  }

  let word = slot * wordsPerSlot
  for (let at = start; at < last; at += 4) words[word++] = view.getInt32(at, true)
  words[word] = view.getInt32(last, true)
  lengths[slot] = length
  const string = decode.copy(start, end)
  strings[slot] = string
  return string
}

export interface StringDecoder {
  /** The string in [start, end) of the input; may keep the input's text alive. */
  slice(start: number, end: number): string
  /** The same as a string of its own. */
  copy(start: number, end: number): string
}
