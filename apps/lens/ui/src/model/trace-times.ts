/**
 * Absolute nanoseconds in decimal strings become offsets from the trace's first span, in flat arrays of doubles:
 * what every layout reads. A span without a start time is placed at the origin and marked, and never stretches the
 * view back to 1970. Called by buildTrace alone.
 */
export interface TimedSpan {
  readonly startUnixNano: string
  readonly durationNano: number
}

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

const DECIMAL = /^\d{1,20}$/

export function traceTimes(spans: readonly TimedSpan[]): TraceTimes {
  const count = spans.length
  const absolute = new BigUint64Array(count)
  const unusable = new Uint8Array(count)
  let origin: bigint | undefined
  for (let index = 0; index < count; index++) {
    const text = spans[index]!.startUnixNano
    const time = DECIMAL.test(text) ? BigInt.asUintN(64, BigInt(text)) : 0n
    absolute[index] = time
    if (time === 0n) unusable[index] = 1
    else if (origin === undefined || time < origin) origin = time
  }
  const originUnixNano = origin ?? 0n
  const start = new Float64Array(count)
  const duration = new Float64Array(count)
  let length = 1
  for (let index = 0; index < count; index++) {
    if (unusable[index] === 0) start[index] = Number(absolute[index]! - originUnixNano)
    const nanos = spans[index]!.durationNano
    if (Number.isFinite(nanos) && nanos >= 0) duration[index] = nanos
    else unusable[index] = 1
    length = Math.max(length, start[index]! + duration[index]!)
  }
  return { originUnixNano, start, duration, length, unusable }
}
