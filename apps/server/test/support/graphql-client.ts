/** Sends GraphQL requests as a client would, and returns what came back, unjudged. */

export interface GraphQLError {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly extensions?: Readonly<Record<string, unknown>>
}

export interface GraphQLAnswer<Data> {
  readonly status: number
  readonly headers: Headers
  readonly data: Data | null | undefined
  readonly errors: readonly GraphQLError[]
}

export interface Sent {
  readonly token?: string | undefined
  readonly variables?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

export async function sendGraphQL<Data = Record<string, unknown>>(
  url: string,
  query: string,
  { token, variables, headers = {} }: Sent = {},
): Promise<GraphQLAnswer<Data>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  })
  const body = (await response.json()) as { data?: Data | null; errors?: readonly GraphQLError[] }
  return { status: response.status, headers: response.headers, data: body.data, errors: body.errors ?? [] }
}

/** The data of an answer that must have no errors. */
export async function dataOf<Data>(answer: Promise<GraphQLAnswer<Data>>): Promise<Data> {
  const { data, errors, status } = await answer
  if (data === null || data === undefined || errors.length > 0) {
    throw new Error(`status ${status}: ${JSON.stringify(errors)}`)
  }
  return data
}
