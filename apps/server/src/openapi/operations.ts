/** The REST routes, by method and path. The API of the product itself is GraphQL, which describes itself; these are what surrounds it. */

import { openMetricsType } from '@rustok/telemetry'
import { contentTypes } from '../metrics/exposition.ts'
import type { StringField } from '../plugins/body-fields.ts'
import { EMAIL, passwordField, tokenField } from '../plugins/credential-answers.ts'
import type { Answer, Operation, Schema } from './operation.ts'

const text: Schema = { type: 'string' }

const tokens: Answer = {
  description: 'An access token, and a refresh token that is good for one refresh.',
  content: { 'application/json': { $ref: '#/components/schemas/Tokens' } },
}
const nothing: Answer = { description: 'Done.' }

/** Parameters of a media type are not part of its name here. */
const bare = (contentType: string) => contentType.split(';', 1)[0]!

const graphql: Readonly<Record<number, Answer>> = {
  200: {
    description:
      'What was asked for, in `data`; what went wrong on the way, in `errors`, each with the id of its trace.',
    content: {
      'application/json': { $ref: '#/components/schemas/GraphQLResponse' },
      'application/graphql-response+json': { $ref: '#/components/schemas/GraphQLResponse' },
    },
  },
  400: {
    description: 'The document or its variables are wrong: `errors` says where.',
    content: {
      'application/json': { $ref: '#/components/schemas/GraphQLResponse' },
      'application/graphql-response+json': { $ref: '#/components/schemas/GraphQLResponse' },
    },
  },
}

export const operations: Readonly<Record<string, Operation>> = {
  'POST /auth/sign-in': {
    tag: 'Authentication',
    summary: 'Tokens for an e-mail address and a password',
    description: 'The answer to a wrong address and to a wrong password is the same, and takes as long.',
    namesTenant: true,
    body: bodyOf(EMAIL, passwordField('password')),
    answers: { 200: tokens },
    problems: ['unauthenticated', 'too-many-requests', 'unavailable'],
  },
  'POST /auth/refresh': {
    tag: 'Authentication',
    summary: 'Fresh tokens for a refresh token',
    description: 'A refresh token that is used a second time ends its session: somebody else has it.',
    body: bodyOf(tokenField('refreshToken')),
    answers: { 200: tokens },
    problems: ['unauthenticated', 'too-many-requests', 'unavailable'],
  },
  'POST /auth/sign-out': {
    tag: 'Authentication',
    summary: 'Ends the session of a refresh token',
    description:
      'Its access tokens are refused from then on, too. The answer is the same for a token of no session.',
    body: bodyOf(tokenField('refreshToken')),
    answers: { 204: nothing },
    problems: ['unavailable'],
  },
  'POST /auth/change-password': {
    tag: 'Authentication',
    summary: 'A new password for who is signed in',
    description: 'All other sessions of the user end.',
    access: 'user',
    body: bodyOf(passwordField('currentPassword'), passwordField('newPassword')),
    answers: { 204: nothing },
    problems: ['forbidden', 'too-many-requests', 'unavailable'],
  },
  'POST /auth/request-password-reset': {
    tag: 'Authentication',
    summary: 'Has a one-time token sent to an address',
    description: 'The answer is the same whether there is such a user or not.',
    namesTenant: true,
    body: bodyOf(EMAIL),
    answers: { 202: { description: 'If there is such a user, a token is on its way.' } },
    problems: ['too-many-requests', 'unavailable'],
  },
  'POST /auth/reset-password': {
    tag: 'Authentication',
    summary: 'A new password for a one-time token',
    description: 'All sessions of the user end.',
    body: bodyOf(tokenField('token'), passwordField('newPassword')),
    answers: { 204: nothing },
    problems: ['forbidden', 'too-many-requests', 'unavailable'],
  },
  'GET /.well-known/jwks.json': {
    tag: 'Authentication',
    summary: 'The public keys that verify access tokens, RFC 7517',
    answers: {
      200: {
        description: 'Keys that sign, that will sign, and that have signed tokens which are still good.',
        content: { 'application/jwk-set+json': { $ref: '#/components/schemas/KeySet' } },
      },
    },
  },
  'GET /graphql': {
    tag: 'GraphQL',
    summary: 'Asks; outside production a browser gets GraphiQL',
    description: 'Queries alone: mutations take POST.',
    access: 'user',
    query: { query: text, variables: text, operationName: text, extensions: text },
    answers: {
      ...graphql,
      200: { ...graphql[200]!, content: { ...graphql[200]!.content, 'text/html': undefined } },
      405: { description: 'A mutation.', content: graphql[400]!.content! },
    },
    problems: ['unavailable'],
  },
  'POST /graphql': {
    tag: 'GraphQL',
    summary: 'Asks, and changes',
    access: 'user',
    body: { $ref: '#/components/schemas/GraphQLRequest' },
    answers: graphql,
    problems: ['unavailable'],
  },
  'GET /health/live': {
    tag: 'Health',
    summary: 'Whether the process runs',
    answers: {
      200: {
        description: 'It does.',
        content: {
          'application/json': {
            type: 'object',
            properties: { status: { const: 'live' } },
            required: ['status'],
            additionalProperties: false,
          },
        },
      },
    },
  },
  'GET /health/ready': {
    tag: 'Health',
    summary: 'Whether the process should get requests, and what is missing',
    answers: {
      200: {
        description: 'It should.',
        content: { 'application/json': { $ref: '#/components/schemas/Readiness' } },
      },
    },
    problems: ['not-ready'],
  },
  'GET /metrics': {
    tag: 'About',
    summary: 'Metrics of the process: OpenMetrics with exemplars, or Prometheus’ older format, by Accept',
    answers: {
      200: {
        description: 'Metrics as text.',
        content: { [bare(contentTypes.prometheus)]: undefined, [bare(openMetricsType)]: undefined },
      },
    },
  },
  'GET /openapi.json': {
    tag: 'About',
    summary: 'This description',
    answers: { 200: { description: 'OpenAPI 3.1.', content: { 'application/json': { type: 'object' } } } },
  },
}

function bodyOf(...fields: readonly StringField[]): Schema {
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(({ field, max }) => [field, { type: 'string', minLength: 1, maxLength: max }]),
    ),
    required: fields.map(({ field }) => field),
  }
}
