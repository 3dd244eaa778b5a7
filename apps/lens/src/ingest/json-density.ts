/**
 * Refuses JSON that is small in bytes and large in memory, before it is parsed: an empty object takes three bytes in a list and hundreds in the
 * decoder, so that a body within its limit could fill the heap. A span of real senders is some 30 objects and lists in 1.4 kB.
 */

import { HttpError } from './http-error.ts'

const mostJsonContainers = 1_000_000

/** Throws HttpError. Braces and brackets within strings count, too: text has few. */
export function checkJsonDensity(body: Uint8Array): void {
  if (body.length <= mostJsonContainers) return
  let containers = 0
  for (const byte of body) {
    // `[` and `{` are 0x5b and 0x7b.
    if ((byte | 0x20) === 0x7b) containers++
  }
  if (containers <= mostJsonContainers) return
  throw new HttpError(
    413,
    `the JSON has ${containers} objects and lists; at most ${mostJsonContainers} are taken`,
  )
}
