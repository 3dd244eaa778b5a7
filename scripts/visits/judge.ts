/** Whether the server did what it should: a good request is served, a mistake is refused, and for the reason that it was made for. */

export type Outcome = 'served' | 'refused' | 'failed'

export interface Expectation {
  /** A mistake, to be refused as one of these: an HTTP status, a GraphQL code, or the type of an error in a payload. */
  readonly refusedAs?: readonly (number | string)[]
  /** What others do meanwhile may refuse it as one of these: the last piece was sold, somebody else edited it. */
  readonly mayBe?: readonly string[]
}

export interface Judged {
  readonly status: number
  readonly kinds: readonly string[]
}

export function judge({ status, kinds }: Judged, { refusedAs, mayBe = [] }: Expectation): Outcome {
  // The server's own trouble is never what was asked for.
  if (status >= 500 || kinds.includes('INTERNAL_SERVER_ERROR')) return 'failed'
  const reasons: readonly (number | string)[] = status === 200 ? kinds : [status, ...kinds]
  if (reasons.length === 0) return refusedAs === undefined ? 'served' : 'failed'
  const known = refusedAs ?? mayBe
  return reasons.some((reason) => known.includes(reason)) ? 'refused' : 'failed'
}
