/**
 * The times that came, in flat arrays of doubles: what every layout reads. A span without a start time is placed at the
 * origin and marked, and never stretches the view back to 1970. Called by traceModel alone.
 */
export interface TraceTimes {
  readonly originUnixNano: bigint
  /** Nanoseconds since the origin; always finite and not negative. */
  readonly start: Float64Array
  /** Nanoseconds; always finite and not negative. */
  readonly duration: Float64Array
  /** Of the whole trace; at least 1, so that a division by it is safe. */
  readonly length: number
  /** 1 where the span came without a usable start or duration. */
  readonly unusable: Uint8Array
}

/** `starts` are nanoseconds after the origin, negative for none. */
export function traceTimes(
  originUnixNano: string,
  starts: readonly number[],
  durations: readonly number[],
): TraceTimes {
  const count = starts.length
  const start = new Float64Array(count)
  const duration = new Float64Array(count)
  const unusable = new Uint8Array(count)
  let length = 1
  for (let index = 0; index < count; index++) {
    const began = starts[index]!
    if (began >= 0) start[index] = began
    else unusable[index] = 1
    const nanos = durations[index]!
    if (Number.isFinite(nanos) && nanos >= 0) duration[index] = nanos
    else unusable[index] = 1
    length = Math.max(length, start[index]! + duration[index]!)
  }
  return { originUnixNano: BigInt(originUnixNano), start, duration, length, unusable }
}
