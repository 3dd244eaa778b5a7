/**
 * Rejection thresholds of consistent probability sampling (specification: "TraceState: Probability Sampling"): 56 bits, of which a trace's
 * random value must be at least the threshold to be kept. Held as integers of 24 and 32 bits, which a double would round.
 */

const two32 = 2 ** 32
const two56 = 2 ** 56
const hexDigits = 14
/** What the specification recommends: a probability is off by less than a part in 30,000, and its text is short. */
const significantDigits = 4
const valid = /^[0-9a-f]{1,14}$/

export class Threshold {
  /** The high 24 bits. */
  readonly high: number
  /** The low 32 bits, unsigned. */
  readonly low: number
  /** As `th` says it: hexadecimal without trailing zeros. */
  readonly text: string

  private constructor(digits: string) {
    const all = digits.padEnd(hexDigits, '0')
    this.high = Number.parseInt(all.slice(0, 6), 16)
    this.low = Number.parseInt(all.slice(6), 16)
    this.text = all.replace(/0+$/, '') || '0'
  }

  /** Keeps every trace. */
  static readonly zero = new Threshold('0')

  /** Of a probability from 0 to 1; undefined for 0, which is no probability to sample with. */
  static ofProbability(probability: number): Threshold | undefined {
    if (!(probability > 0)) return undefined
    const accepted = BigInt(Math.max(1, Math.round(Math.min(1, probability) * two56)))
    const exact = (1n << 56n) - accepted
    const digits = exact.toString(16).padStart(hexDigits, '0')
    const leading = /^f*/.exec(digits)![0].length
    const unit = 1n << BigInt(4 * Math.max(0, hexDigits - leading - significantDigits))
    const rounded = ((exact + unit / 2n) / unit) * unit
    return rounded === 0n ? Threshold.zero : new Threshold(rounded.toString(16).padStart(hexDigits, '0'))
  }

  /** Of the value of `th`; undefined when it is none. */
  static parse(text: string): Threshold | undefined {
    return valid.test(text) ? new Threshold(text) : undefined
  }

  /** Whether a random value is kept, given as the words that end a trace id: of the first the low 24 bits count. */
  keeps(high: number, low: number): boolean {
    const random = high & 0xff_ffff
    return random > this.high || (random === this.high && low >>> 0 >= this.low)
  }

  /** Whether it keeps less than `other`. */
  isAbove(other: Threshold): boolean {
    return this.high > other.high || (this.high === other.high && this.low > other.low)
  }

  get probability(): number {
    return (two56 - (this.high * two32 + this.low)) / two56
  }
}
