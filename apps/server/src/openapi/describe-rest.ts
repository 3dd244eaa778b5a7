/**
 * The OpenAPI 3.1 description of the REST routes. Put together once, from what is said of each of them; a test holds it against the routes that there
 * are and against what they answer.
 */
import { type ProblemName, problemKinds, typeOf } from '../plugins/problem-types.ts'
import type { Answer, Operation, Schema } from './operation.ts'
import { operations } from './operations.ts'
import { schemas } from './schemas.ts'

export interface RestDescription {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: Operation['tag']; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: object
}

export interface DescribedOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, DescribedAnswer>>
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
}

export interface DescribedAnswer {
  readonly description: string
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>
}

/** Of any request, before a route is asked. */
const common: readonly ProblemName[] = ['headers-too-large', 'internal']
const withBody: readonly ProblemName[] = [
  'bad-request',
  'request-timeout',
  'body-too-large',
  'unsupported-media-type',
]
const withFields: readonly ProblemName[] = ['invalid-fields']
const withToken: readonly ProblemName[] = ['unauthenticated', 'forbidden', 'unavailable']

export function describeRest(version: string): RestDescription {
  const paths: Record<string, Record<string, DescribedOperation>> = {}
  for (const [route, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = route.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: described(method.toLowerCase(), path, operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'rustok-server',
      version,
      description:
        'What surrounds the GraphQL API. Errors are RFC 9457 problems; every answer has the id of its trace in `x-trace-id`.',
    },
    tags: [
      { name: 'Authentication', description: 'Tokens and passwords. Answers are never cached.' },
      { name: 'GraphQL', description: 'Content, commerce, users: the schema is asked for by introspection.' },
      { name: 'Health', description: 'For orchestrators.' },
      { name: 'About', description: 'The process about itself.' },
    ],
    paths,
    components: {
      schemas,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

function described(method: string, path: string, operation: Operation): DescribedOperation {
  const { tag, summary, description, access, namesTenant, query = {}, body, answers } = operation
  const tenant = {
    name: 'x-tenant-id',
    in: 'header',
    description: 'The tenant, unless the host name says which.',
    schema: { type: 'string' },
  }
  const parameters = Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema }))
  return {
    operationId: `${method}_${path.replace(/[^a-z0-9]+/gi, '_').replace(/^_|_$/g, '')}`,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: namesTenant === true ? [tenant, ...parameters] : parameters,
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: withProblems(answers, problemsOf(operation)),
    security: access === undefined ? [] : [{ token: [] }],
  }
}

function problemsOf({ access, body, tag, problems = [] }: Operation): readonly ProblemName[] {
  const names = new Set([
    ...problems,
    ...(body === undefined ? [] : withBody),
    ...(body === undefined || tag === 'GraphQL' ? [] : withFields),
    ...(access === undefined ? [] : withToken),
    ...common,
  ])
  return [...names]
}

/** Several kinds may have one status, and a status may be a problem or GraphQL's answer. */
function withProblems(
  answers: Readonly<Record<number, Answer>>,
  problems: readonly ProblemName[],
): Readonly<Record<string, DescribedAnswer>> {
  const responses: Record<string, DescribedAnswer> = {}
  for (const [status, { description, content }] of Object.entries(answers)) {
    responses[status] = { description, ...(content === undefined ? {} : { content: contentOf(content) }) }
  }
  for (const [status, names] of Map.groupBy(problems, (name) => problemKinds[name].status)) {
    const given = responses[status]
    const kinds = names.map((name) => `\`${typeOf(name)}\`: ${problemKinds[name].title}.`)
    responses[status] = {
      description: [...(given === undefined ? [] : [given.description]), ...kinds].join('\n\n'),
      content: {
        ...given?.content,
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      },
    }
  }
  return responses
}

function contentOf(content: NonNullable<Answer['content']>): NonNullable<DescribedAnswer['content']> {
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [type, schema === undefined ? {} : { schema }]),
  )
}
