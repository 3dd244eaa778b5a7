/** Counts what became of the visits' requests, by tenant, and puts it into a table. */
import type { Outcome } from './judge.ts'
import type { Told } from './visit.ts'

/** Kinds of failures that are told of; more than a few are one. */
const maxFailures = 5

export class Tally {
  readonly #tenants = new Map<string, { outcomes: Record<Outcome, number>; latencies: number[] }>()
  readonly #failures = new Map<string, { journey: string; why: string; count: number }>()
  #skipped = 0

  add({ tenant, journey, outcome, milliseconds, why }: Told): void {
    const of = this.#tenants.get(tenant) ?? { outcomes: { served: 0, refused: 0, failed: 0 }, latencies: [] }
    of.outcomes[outcome]++
    of.latencies.push(milliseconds)
    this.#tenants.set(tenant, of)
    if (why === undefined) return
    const key = `${journey}\n${why}`
    const failure = this.#failures.get(key) ?? { journey, why, count: 0 }
    failure.count++
    this.#failures.set(key, failure)
  }

  /** A visit that was due and not sent, because too many were waiting for an answer. */
  skip(): void {
    this.#skipped++
  }

  get skipped(): number {
    return this.#skipped
  }

  get requests(): number {
    return sum([...this.#tenants.values()].map(({ latencies }) => latencies.length))
  }

  get failed(): number {
    return sum([...this.#tenants.values()].map(({ outcomes }) => outcomes.failed))
  }

  /** The most frequent ones. */
  failures(): readonly { readonly journey: string; readonly why: string; readonly count: number }[] {
    return [...this.#failures.values()].sort((a, b) => b.count - a.count).slice(0, maxFailures)
  }

  /** The tenant with the most requests. */
  get busiest(): string | undefined {
    return [...this.#tenants].sort(([, a], [, b]) => b.latencies.length - a.latencies.length)[0]?.[0]
  }

  /** One row for each tenant, busiest first, and one for all. */
  table(): string {
    const tenants = [...this.#tenants].sort(([, a], [, b]) => b.latencies.length - a.latencies.length)
    const all = tenants.flatMap(([, { latencies }]) => latencies)
    const total = (outcome: Outcome): number => sum(tenants.map(([, { outcomes }]) => outcomes[outcome]))
    const outcomes = { served: total('served'), refused: total('refused'), failed: total('failed') }
    const rows = [
      ['tenant', 'requests', 'mistakes', 'failures', 'p50', 'p99', 'max'],
      ...tenants.map(([tenant, of]) => [tenant, ...figures(of.outcomes, of.latencies)]),
      ...(tenants.length > 1 ? [['all', ...figures(outcomes, all)]] : []),
    ]
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
    const line = (row: readonly string[]): string =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('   ')
    return rows.map((row) => `  ${line(row)}`).join('\n')
  }
}

function figures(outcomes: Readonly<Record<Outcome, number>>, latencies: readonly number[]): string[] {
  const sorted = latencies.toSorted((a, b) => a - b)
  const counts = [latencies.length, outcomes.refused, outcomes.failed].map((count) =>
    count.toLocaleString('en'),
  )
  return [...counts, ...[0.5, 0.99, 1].map((share) => `${quantile(sorted, share).toFixed(1)} ms`)]
}

/** The smallest value that `share` of all do not exceed (nearest rank). */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
