/** A seeded source of numbers and the distributions that traces are drawn from: the same seed makes the same traces on every machine. */

export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = 0x9e3779b9 | 0
    this.#c = 0x243f6a88 | 0
    // The state of a small seed is mostly zeros: some rounds spread it.
    for (let round = 0; round < 16; round++) this.uint32()
  }

  /** sfc32: small, fast and good enough for PractRand. */
  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum >>> 0
  }

  /** From 0 up to, not including, 1. */
  unit(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** From 0 up to, not including, `count`. */
  below(count: number): number {
    return Math.floor(this.unit() * count)
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit())
  }

  /** Median `median`; `sigma` 0.5 is a steady operation, 1.2 one with a long tail. */
  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal())
  }

  /** 1, 2, 3, …: mostly small, with a tail that falls as a power of `alpha`. */
  pareto(alpha: number, most: number): number {
    return Math.min(most, Math.floor((1 - this.unit()) ** (-1 / alpha)))
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    for (let index = 0; index < count; index += 4) {
      const value = this.uint32()
      bytes[index] = value
      bytes[index + 1] = value >>> 8
      bytes[index + 2] = value >>> 16
      bytes[index + 3] = value >>> 24
    }
    return bytes
  }

  /** `digits` lower-case hex digits, a multiple of 8. */
  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.uint32().toString(16).padStart(8, '0')
    return text
  }
}

/** Ranks from 0 whose frequency falls with their rank: few tenants make most of the traffic. */
export class Zipf {
  readonly #cumulative: Float64Array

  constructor(count: number, exponent: number) {
    this.#cumulative = new Float64Array(count)
    let sum = 0
    for (let rank = 0; rank < count; rank++) {
      sum += (rank + 1) ** -exponent
      this.#cumulative[rank] = sum
    }
    for (let rank = 0; rank < count; rank++) this.#cumulative[rank]! /= sum
  }

  draw(random: Random): number {
    const target = random.unit()
    let low = 0
    let high = this.#cumulative.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#cumulative[middle]! < target) low = middle + 1
      else high = middle
    }
    return low
  }
}
