/**
 * FNV-1a over UTF-16 units: a small stable hash, so that a name keeps its colour and its mark in every browser
 * and in every session. Called by the service palette and the tenant marks; never for security.
 */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash ^= text.charCodeAt(index)
    hash = Math.imul(hash, 0x01000193)
  }
  // FNV's low bits are weak for short names: fold the high ones in.
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return (hash ^ (hash >>> 12)) >>> 0
}
