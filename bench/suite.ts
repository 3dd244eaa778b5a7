/** What `npm run bench` runs: named suites, each printing its own tables. */

export interface BenchOptions {
  /** Fewer and shorter runs, to see that everything works; its figures are rough. */
  readonly quick: boolean
  /** Rounds per table instead of the suite's own number. */
  readonly rounds: number | undefined
  /** A directory for one CPU profile per measured process. Profiling slows all of them: such a run's figures are not results. */
  readonly profileTo: string | undefined
  /** Where the suites of the backend keep a filled store, instead of a folder of the system's for temporary files. */
  readonly store: string | undefined
}

export interface Suite {
  readonly name: string
  readonly summary: string
  /** Prints its tables. Throws ProofError when the work that it timed was not done. */
  run(options: BenchOptions): Promise<void>
}

/** What was measured did not do what it claims: a figure would be a lie, so there is none. */
export class ProofError extends Error {
  override readonly name = 'ProofError'
}

/** Throws unless `holds`. */
export function prove(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new ProofError(claim)
}
