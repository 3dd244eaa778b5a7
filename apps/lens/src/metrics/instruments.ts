/**
 * Counters, histograms and gauges, and their text for Prometheus and for OpenMetrics 1.0. Our own rather than prom-client: that takes 60 ms to load, of a
 * start that is to take 1.5 s, and this is the part of it that Lens uses.
 */

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  /** What follows the family's name. */
  readonly suffix?: string
  readonly labels?: Labels
  readonly value: number
}

export interface Family {
  /** Without `_total`; a unit is its last word. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  samples(): Iterable<Sample>
}

/** Values of labels come from our own code and tables alone; this bounds a mistake. */
const mostSeries = 1_000

/** States by the values of their labels, in the order of first sight. */
class Series<State> {
  readonly #states = new Map<string, { readonly labels: Labels; readonly state: State }>()
  readonly #initial: () => State

  constructor(initial: () => State) {
    this.#initial = initial
  }

  of(labels: Labels): State {
    const key = Object.values(labels).join('\0')
    const known = this.#states.get(key)
    if (known !== undefined) return known.state
    const state = this.#initial()
    if (this.#states.size < mostSeries) this.#states.set(key, { labels, state })
    return state
  }

  values() {
    return this.#states.values()
  }
}

export class Counter<Named extends Labels = Readonly<Record<never, string>>> implements Family {
  readonly type = 'counter'
  readonly name: string
  readonly help: string
  readonly #series = new Series(() => ({ value: 0 }))

  /** `start` are the series that are there from the beginning, at 0, so that their first increase shows. */
  constructor(name: string, help: string, start: readonly Named[]) {
    this.name = name
    this.help = help
    for (const labels of start) this.#series.of(labels)
  }

  add(amount: number, labels: Named): void {
    this.#series.of(labels).value += amount
  }

  *samples(): Iterable<Sample> {
    for (const { labels, state } of this.#series.values()) {
      yield { suffix: '_total', labels, value: state.value }
    }
  }
}

/** What is read when somebody asks, of whoever has it at that time. */
export class Gauge<Named extends Labels = Readonly<Record<never, string>>> implements Family {
  readonly type = 'gauge'
  readonly name: string
  readonly help: string
  readonly #series = new Series(() => new Set<() => number>())

  /** `start` are the series that are there, at 0, while there is nobody to ask. */
  constructor(name: string, help: string, start: readonly Named[]) {
    this.name = name
    this.help = help
    for (const labels of start) this.#series.of(labels)
  }

  /** Several of the same labels are added up. Call the result when there is nothing to read any more. */
  observe(labels: Named, read: () => number): () => void {
    const readers = this.#series.of(labels)
    readers.add(read)
    return () => readers.delete(read)
  }

  *samples(): Iterable<Sample> {
    for (const { labels, state } of this.#series.values()) {
      let value = 0
      for (const read of state) value += read()
      yield { labels, value }
    }
  }
}

export class Histogram<Named extends Labels = Readonly<Record<never, string>>> implements Family {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly #bounds: readonly number[]
  readonly #series: Series<{ readonly counts: number[]; sum: number }>

  /** `bounds` ascend; what is above the last has a bucket of its own. */
  constructor(name: string, help: string, bounds: readonly number[], start: readonly Named[]) {
    this.name = name
    this.help = help
    this.#bounds = bounds
    this.#series = new Series(() => ({ counts: Array.from(bounds, () => 0).concat(0), sum: 0 }))
    for (const labels of start) this.#series.of(labels)
  }

  observe(value: number, labels: Named): void {
    const series = this.#series.of(labels)
    const index = this.#bounds.findIndex((bound) => value <= bound)
    const bucket = index === -1 ? this.#bounds.length : index
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
    series.sum += value
  }

  *samples(): Iterable<Sample> {
    for (const { labels, state } of this.#series.values()) {
      let total = 0
      for (const [index, count] of state.counts.entries()) {
        total += count
        yield { suffix: '_bucket', labels: { ...labels, le: boundText(this.#bounds[index]) }, value: total }
      }
      yield { suffix: '_sum', labels, value: state.sum }
      yield { suffix: '_count', labels, value: total }
    }
  }
}

/** Bounds are floats, and are compared as text: 1 is written 1.0 (OpenMetrics, "Canonical numbers"). */
function boundText(bound: number | undefined): string {
  if (bound === undefined) return '+Inf'
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound)
}
