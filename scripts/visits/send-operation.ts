/** Sends one GraphQL operation to the server and tells how it was answered. */
import type { Operation } from './operations.ts'

export interface Answer {
  readonly status: number
  readonly data: Readonly<Record<string, unknown>> | undefined
  /** Messages of GraphQL errors and of the errors in mutations' payloads. */
  readonly errors: readonly string[]
  /** What kinds of errors these are: `extensions.code` of the former, `__typename` of the latter. */
  readonly kinds: readonly string[]
}

/** Throws when there is no answer, or none in time. */
export async function sendOperation(
  server: string,
  token: string,
  operation: Operation,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${server}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(operation),
    // A token goes to the server that was named, and to no other.
    redirect: 'error',
    signal,
  })
  const body = (await response.json()) as Body
  const data = body.data ?? undefined
  const errors = [...(body.errors ?? []), ...payloadErrors(data)]
  return {
    status: response.status,
    data,
    errors: errors.map(({ message }) => message),
    kinds: errors.map(({ extensions, __typename }) => extensions?.code ?? __typename ?? 'GraphQLError'),
  }
}

interface BodyError {
  readonly message: string
  readonly extensions?: { readonly code?: string }
  readonly __typename?: string
}

interface Body {
  readonly data?: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly BodyError[]
}

function payloadErrors(data: Body['data']): readonly BodyError[] {
  return Object.values(data ?? {}).flatMap((field) => (field as Body | null)?.errors ?? [])
}

/** The id of the node that a mutation answered with. */
export function nodeIdOf(answer: Answer, field: 'createNode' | 'publishNode'): string | undefined {
  const payload = answer.data?.[field] as
    | { readonly node?: { readonly id: string } | null }
    | null
    | undefined
  return payload?.node?.id
}
