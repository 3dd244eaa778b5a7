/** Which pieces of the store have to go: the pure step between what there is and what is dropped. */

/** What can be dropped at once: a part of a table, or on a cluster a day's partition of it. */
export interface Piece {
  readonly table: string
  readonly name: string
  readonly rows: number
  /** Unix seconds of the rows in it. */
  readonly oldest: number
  readonly newest: number
  /** By server: the replicas of a piece count on each. */
  readonly bytes: ReadonlyMap<string, number>
}

export interface RetentionLimits {
  /** Unix seconds: a piece without a row since then goes. */
  readonly since: number | undefined
  /** On the fullest server, of all tables. */
  readonly bytes: number | undefined
}

export interface Choice {
  readonly tooOld: readonly Piece[]
  readonly tooMuch: readonly Piece[]
  /** Bytes beyond the limit that stay, because the newest piece always does. */
  readonly excess: number
}

/** `others` is what takes space besides the pieces, by server. */
export function choosePieces(
  pieces: readonly Piece[],
  others: ReadonlyMap<string, number>,
  { since, bytes }: RetentionLimits,
): Choice {
  const byAge = pieces.toSorted((a, b) => a.newest - b.newest || a.oldest - b.oldest)
  const tooOld = since === undefined ? [] : byAge.filter(({ newest }) => newest < since)
  const young = byAge.slice(tooOld.length)
  if (bytes === undefined) return { tooOld, tooMuch: [], excess: 0 }

  const used = new Map(others)
  for (const piece of young) for (const [server, size] of piece.bytes) add(used, server, size)
  const tooMuch: Piece[] = []
  for (const piece of young.slice(0, -1)) {
    if (excessOf(used, bytes) === 0) break
    tooMuch.push(piece)
    for (const [server, size] of piece.bytes) add(used, server, -size)
  }
  return { tooOld, tooMuch, excess: excessOf(used, bytes) }
}

function add(sums: Map<string, number>, server: string, size: number): void {
  sums.set(server, (sums.get(server) ?? 0) + size)
}

function excessOf(used: ReadonlyMap<string, number>, limit: number): number {
  return Math.max(0, ...[...used.values()].map((bytes) => bytes - limit))
}
