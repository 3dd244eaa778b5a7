/** Pairs as many as possible of two lists: a general expectation must not take the one span that a narrower one needs. */

/** For each of `left` its partner; maximum bipartite matching by augmenting paths, the earlier ones first. */
export function assignPairs<L, R>(
  left: readonly L[],
  right: readonly R[],
  fits: (left: L, right: R) => boolean,
): (R | undefined)[] {
  const candidates = left.map((one) => right.flatMap((other, j) => (fits(one, other) ? [j] : [])))
  const ownerOf = new Map<number, number>()
  const place = (i: number, tried: Set<number>): boolean =>
    candidates[i]!.some((j) => {
      if (tried.has(j)) return false
      tried.add(j)
      const owner = ownerOf.get(j)
      if (owner !== undefined && !place(owner, tried)) return false
      ownerOf.set(j, i)
      return true
    })
  for (const i of left.keys()) place(i, new Set())
  const pairs: (R | undefined)[] = left.map(() => undefined)
  for (const [j, i] of ownerOf) pairs[i] = right[j]
  return pairs
}
