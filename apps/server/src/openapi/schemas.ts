/** The schemas that several REST routes name. Those of GraphQL are its own: it is asked for them by introspection. */
import { type ProblemName, problemKinds, typeOf } from '../plugins/problem-types.ts'
import type { Schema } from './operation.ts'

const text: Schema = { type: 'string' }

const check: Schema = {
  type: 'object',
  properties: {
    status: { enum: ['ok', 'degraded', 'failed', 'unknown'] },
    detail: { ...text, description: 'What is missing.' },
  },
  required: ['status'],
  // In numbers and names: pending migrations, seconds of lag.
  additionalProperties: true,
}
const checks: Schema = { type: 'object', additionalProperties: check }

export const schemas: Readonly<Record<string, Schema>> = {
  Problem: {
    type: 'object',
    description: 'RFC 9457 problem details.',
    properties: {
      type: {
        enum: (Object.keys(problemKinds) as ProblemName[]).map(typeOf),
        description: 'Which kind of problem; never changes.',
      },
      title: { ...text, description: 'The kind in words, for people.' },
      status: { type: 'integer' },
      detail: { ...text, description: 'What is wrong in this case.' },
      traceId: { ...text, description: 'To quote: the trace of the request, while it is traced.' },
      errors: {
        type: 'array',
        description: 'Of `invalid-fields`: what is wrong with each.',
        items: {
          type: 'object',
          properties: {
            pointer: { ...text, description: 'Where in the body, RFC 6901.' },
            field: text,
            detail: text,
          },
          required: ['pointer', 'field', 'detail'],
          additionalProperties: false,
        },
      },
      checks: { ...checks, description: 'Of `not-ready`.' },
    },
    required: ['type', 'title', 'status'],
    additionalProperties: false,
  },
  Tokens: {
    type: 'object',
    properties: {
      accessToken: { ...text, description: 'A JWT, for `Authorization: Bearer`.' },
      tokenType: { const: 'Bearer' },
      expiresIn: { type: 'integer', description: 'Seconds until the access token ends.' },
      refreshToken: text,
    },
    required: ['accessToken', 'tokenType', 'expiresIn', 'refreshToken'],
    additionalProperties: false,
  },
  KeySet: {
    type: 'object',
    properties: {
      keys: {
        type: 'array',
        items: {
          type: 'object',
          properties: { kty: text, kid: text, alg: text, use: text, crv: text, x: text },
          required: ['kty', 'kid'],
          additionalProperties: false,
        },
      },
    },
    required: ['keys'],
    additionalProperties: false,
  },
  Readiness: {
    type: 'object',
    properties: {
      status: { enum: ['ready', 'degraded'] },
      checks,
    },
    required: ['status', 'checks'],
    additionalProperties: false,
  },
  GraphQLRequest: {
    type: 'object',
    properties: {
      query: text,
      operationName: { type: ['string', 'null'] },
      variables: { type: ['object', 'null'] },
      extensions: { type: ['object', 'null'] },
    },
    required: ['query'],
  },
  GraphQLResponse: {
    type: 'object',
    properties: {
      data: { type: ['object', 'null'] },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            message: text,
            locations: { type: 'array' },
            path: { type: 'array' },
            extensions: {
              type: 'object',
              properties: { code: text, traceId: text },
              additionalProperties: true,
            },
          },
          required: ['message'],
          additionalProperties: false,
        },
      },
    },
    additionalProperties: false,
  },
}
