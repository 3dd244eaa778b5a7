/**
 * The kinds of problems that REST answers with (RFC 9457): each has a `type` that never changes, for programs to tell them apart by; what a
 * person should know of a single case is in `detail`.
 */

export interface ProblemKind {
  readonly status: number
  readonly title: string
}

export const problemKinds = {
  'bad-request': { status: 400, title: 'The request cannot be read' },
  'invalid-fields': { status: 400, title: 'Fields of the body are not as they must be' },
  unauthenticated: { status: 401, title: 'It takes a valid token, or the right password' },
  forbidden: { status: 403, title: 'That is not allowed' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'That cannot be done with it' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of a type that is not read here' },
  'too-many-requests': { status: 429, title: 'That was tried too often' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'The service is temporarily unavailable' },
  'not-ready': { status: 503, title: 'This process should get no requests' },
} as const satisfies Readonly<Record<string, ProblemKind>>

export type ProblemName = keyof typeof problemKinds

/** Names, no addresses: there is nothing to be fetched. */
export function typeOf(name: ProblemName): string {
  return `urn:rustok:problem:${name}`
}

/** The first with that status; any other of 4xx cannot be read, any other of 5xx is ours. */
export function kindOfStatus(status: number): ProblemName {
  const names = Object.keys(problemKinds) as ProblemName[]
  return (
    names.find((name) => problemKinds[name].status === status) ?? (status < 500 ? 'bad-request' : 'internal')
  )
}
