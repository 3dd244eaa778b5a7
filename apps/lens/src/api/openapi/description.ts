/**
 * The OpenAPI description of Lens's HTTP API, put together from topics (which say what each route takes and answers) and from the schemas of the contract's
 * types. A test holds it against the routes that there are and against real answers.
 */

import { readFileSync } from 'node:fs'
import { jaegerTopic, jaegerV3Topic } from './jaeger-topics.ts'
import { lensTopic } from './lens-topic.ts'
import type { Content, Operation, Parameter, Schema, Topic } from './operation.ts'
import { processTopic } from './process-topic.ts'

export const topics: readonly Topic[] = [lensTopic, jaegerTopic, jaegerV3Topic, processTopic]

export interface Description {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly securitySchemes: Readonly<Record<string, object>>
  }
}

export interface DescribedOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, DescribedContent>>
  /** Empty where no token is needed. Elsewhere one is when tokens are configured. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
}

export interface DescribedContent {
  readonly description: string
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>
}

export function describeApi(version: string): Description {
  const schemas = JSON.parse(
    readFileSync(new URL('contract-schemas.json', import.meta.url), 'utf8'),
  ) as Record<string, Schema>
  const paths: Record<string, Record<string, DescribedOperation>> = {}
  for (const topic of topics) {
    for (const [route, operation] of Object.entries(topic.operations)) {
      const [method = '', url = ''] = route.split(' ')
      const path = url.replace(/:(\w+)/g, '{$1}')
      const described = describe(topic, method.toLowerCase(), path, operation, schemas)
      paths[path] = { ...paths[path], [method.toLowerCase()]: described }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'rustok-lens',
      version,
      description:
        'A trace backend. Times are Unix nanoseconds in decimal strings unless said otherwise, durations nanoseconds in numbers.',
    },
    tags: topics.map(({ name, description }) => ({ name, description })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token, where tokens are configured.' },
      },
    },
  }
}

function describe(
  topic: Topic,
  method: string,
  path: string,
  operation: Operation,
  schemas: Readonly<Record<string, Schema>>,
): DescribedOperation {
  const { summary, description, query, without = [], parameters = [], body, answers, access } = operation
  const fromContract =
    query === undefined ? [] : parametersOf(schemas[query]).filter(({ name }) => !without.includes(name))
  const given = [...fromContract, ...parameters]
  const error = errors[topic.errors]
  return {
    operationId: `${method} ${path}`.replace(/[^a-z0-9]+/gi, '_').replace(/_$/, ''),
    tags: [topic.name],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: given.map((parameter) => ({
      ...parameter,
      in: path.includes(`{${parameter.name}}`) ? 'path' : 'query',
    })),
    ...(body === undefined ? {} : { requestBody: { ...described(body), required: true } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, content]) => [status, described(content)])),
      ...(error === undefined ? {} : { default: described(error) }),
    },
    security: access === 'public' ? [] : [{ token: [] }],
  }
}

function parametersOf(type: Schema | undefined): Parameter[] {
  return Object.entries(type?.properties ?? {}).map(([name, { description = '', ...schema }]) => ({
    name,
    description,
    schema,
    ...(type?.required?.includes(name) === true ? { required: true } : {}),
  }))
}

function described({ description, types = ['application/json'], schema }: Content): DescribedContent {
  if (schema === undefined && types[0] === 'application/json') return { description }
  const written = typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema
  // Only JSON has a schema.
  const contents = types.map(
    (type) => [type, type.includes('json') && written ? { schema: written } : {}] as const,
  )
  return { description, content: Object.fromEntries(contents) }
}

/** Of each API, for every status that a route does not describe. */
const errors: Readonly<Record<Topic['errors'], Content | undefined>> = {
  problem: {
    description: 'What went wrong: RFC 9457.',
    types: ['application/problem+json'],
    schema: 'Problem',
  },
  jaeger: {
    description: 'What went wrong, in the envelope.',
    schema: {
      type: 'object',
      properties: {
        data: { type: 'null' },
        total: { type: 'number' },
        limit: { type: 'number' },
        offset: { type: 'number' },
        errors: {
          type: 'array',
          items: {
            type: 'object',
            properties: { code: { type: 'number' }, msg: { type: 'string' } },
            required: ['code', 'msg'],
          },
        },
      },
      required: ['data', 'total', 'limit', 'offset', 'errors'],
    },
  },
  'jaeger-v3': {
    description: 'What went wrong.',
    schema: {
      type: 'object',
      properties: {
        error: {
          type: 'object',
          properties: { httpCode: { type: 'number' }, message: { type: 'string' } },
          required: ['httpCode', 'message'],
        },
      },
      required: ['error'],
    },
  },
  none: undefined,
}
