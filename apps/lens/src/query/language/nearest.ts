/** "Did you mean": the candidate that a typing mistake or two away from the text. */

/** Undefined when nothing is near: more than one mistake in four or five letters, more than two in longer text. */
export function nearest<Candidate extends string>(
  text: string,
  candidates: readonly Candidate[],
): Candidate | undefined {
  const most = text.length < 4 ? 0 : text.length < 6 ? 1 : 2
  const lower = text.toLowerCase()
  let best: Candidate | undefined
  let fewest = most + 1
  for (const candidate of candidates) {
    const distance = mistakes(lower, candidate, fewest)
    if (distance < fewest) {
      best = candidate
      fewest = distance
    }
  }
  return best
}

/** Letters inserted, left out, replaced or swapped with their neighbour, as far as they are fewer than `limit`. */
function mistakes(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let distance = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, (beforeLast[j - 2] ?? limit) + 1)
      }
      row.push(distance)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? limit
}
