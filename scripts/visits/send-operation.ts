/** Sends one GraphQL operation to the server and tells how it was answered. */
import type { Operation } from './operations.ts'

export interface Answer {
  readonly status: number
  readonly data: Readonly<Record<string, unknown>> | undefined
  /** Messages of GraphQL errors and of the errors in mutations' payloads. */
  readonly errors: readonly string[]
}

/** Throws when there is no answer, or none in time. */
export async function sendOperation(
  server: string,
  token: string,
  operation: Operation,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await fetch(`${server}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(operation),
    // A token goes to the server that was named, and to no other.
    redirect: 'error',
    signal,
  })
  const body = (await response.json()) as Body
  const data = body.data ?? undefined
  return {
    status: response.status,
    data,
    errors: [...messages(body.errors), ...messages(payloadErrors(data))],
  }
}

interface Body {
  readonly data?: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly { readonly message: string }[]
}

function payloadErrors(data: Body['data']): Body['errors'] {
  return Object.values(data ?? {}).flatMap((field) => (field as Body | null)?.errors ?? [])
}

function messages(errors: Body['errors']): readonly string[] {
  return (errors ?? []).map(({ message }) => message)
}

/** The id of the node that a mutation answered with. */
export function nodeIdOf(answer: Answer, field: 'createNode' | 'publishNode'): string | undefined {
  const payload = answer.data?.[field] as
    | { readonly node?: { readonly id: string } | null }
    | null
    | undefined
  return payload?.node?.id
}
