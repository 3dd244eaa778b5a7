/**
 * Timestamps of spans: Unix nanoseconds in two 32-bit halves, taken from the monotonic clock and an anchor to the wall clock. A
 * trace keeps its root's anchor, so that its durations stay true when the wall clock is set while it runs.
 */
import { performance } from 'node:perf_hooks' // The global of that name is a getter, which costs 15 ns each time.
import type { TimeInput } from '@opentelemetry/api'

/** Unix nanoseconds at `performance.now() === 0`. */
export class ClockAnchor {
  readonly high: number
  readonly low: number
  readonly epochMs: number

  constructor(epochMs: number) {
    const nanos = BigInt(Math.round(epochMs * 1000)) * 1000n
    this.high = Number(nanos >> 32n)
    this.low = Number(nanos & 0xffff_ffffn)
    this.epochMs = epochMs
  }
}

const two32 = 2 ** 32
/** The last millisecond that 64 bits of nanoseconds can say: in the year 2554. */
const maxUnixMs = 18_446_744_073_708
/** Between two looks at the wall clock: a look costs as much as a timestamp. */
const anchorCheckMs = 1000
/** `Date.now()` has a resolution of 1 ms; a smaller difference is not a clock that was set. */
const anchorToleranceMs = 5

let anchor = new ClockAnchor(performance.timeOrigin)
let anchorCheckedAt = Number.NEGATIVE_INFINITY

/** The anchor for a new local root that starts at `nowMs` of the monotonic clock. */
export function currentAnchor(nowMs: number): ClockAnchor {
  if (nowMs - anchorCheckedAt < anchorCheckMs) return anchor
  anchorCheckedAt = nowMs
  const epochMs = Date.now() - nowMs
  if (Math.abs(epochMs - anchor.epochMs) > anchorToleranceMs) anchor = new ClockAnchor(epochMs)
  return anchor
}

/** Milliseconds of the monotonic clock. */
export function monotonicMs(): number {
  return performance.now()
}

/** Where the conversions leave the two halves, as signed 32-bit integers: a pair per span would be garbage. */
export const time = { high: 0, low: 0 }

/** Converts milliseconds of the monotonic clock, leaving the result in `time`. */
export function toUnixNanos(from: ClockAnchor, monotonicMs: number): void {
  split(from.high, from.low, Math.round(monotonicMs * 1e6))
}

/**
 * Converts a time of the API: `[seconds, nanoseconds]`, a Date, Unix milliseconds, or milliseconds of `performance.now()`, which are
 * told apart as the OpenTelemetry SDK does: what lies in the first half of the time from 1970 to the process's start is monotonic, so
 * that a time before that start can be said. False when it is none of these.
 */
export function fromTimeInput(input: TimeInput, from: ClockAnchor): boolean {
  try {
    return convert(input, from)
  } catch {
    // Whatever throws when it is read (a revoked proxy) is no time.
    return false
  }
}

function convert(input: TimeInput, from: ClockAnchor): boolean {
  if (Array.isArray(input)) {
    const [seconds, nanos] = input
    if (!Number.isFinite(seconds) || !Number.isFinite(nanos)) return false
    const total = BigInt(Math.trunc(seconds)) * 1_000_000_000n + BigInt(Math.trunc(nanos))
    if (total < 0n || total >= 2n ** 64n) return false
    setTime(total)
    return true
  }
  const ms = input instanceof Date ? input.getTime() : input
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= maxUnixMs)) return false
  if (!(input instanceof Date) && ms < performance.timeOrigin / 2) {
    toUnixNanos(from, ms)
    return true
  }
  const whole = Math.floor(ms)
  setTime(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6)))
  return true
}

function setTime(nanos: bigint): void {
  time.high = Number(nanos >> 32n) | 0
  time.low = Number(nanos & 0xffff_ffffn) | 0
}

function split(baseHigh: number, baseLow: number, nanos: number): void {
  // Exact, because the divisor is a power of two; the remainder operator on doubles is a call into C.
  const high = Math.floor(nanos / two32)
  const low = baseLow + (nanos - high * two32)
  time.low = low | 0
  time.high = (baseHigh + high + (low >= two32 ? 1 : 0)) | 0
}

/** Tells a time from the attributes that may stand in its place; never throws. */
export function isTimeInput(value: unknown): value is TimeInput {
  if (typeof value !== 'object' || value === null) return typeof value === 'number'
  try {
    if (!Array.isArray(value)) return value instanceof Date
    return value.length === 2 && value.every((part) => typeof part === 'number')
  } catch {
    return false
  }
}
