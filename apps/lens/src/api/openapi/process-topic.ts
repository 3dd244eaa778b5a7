/** What the process says about itself, described. */

import type { Topic } from './operation.ts'

export const processTopic: Topic = {
  name: 'process',
  description: 'Health, metrics, and this description.',
  errors: 'none',
  operations: {
    'GET /health/live': {
      summary: 'Whether the process answers',
      access: 'public',
      answers: { 200: { description: 'It does.', schema: { type: 'object' } } },
    },
    'GET /health/ready': {
      summary: 'Whether the store does',
      access: 'public',
      answers: {
        200: { description: 'It does.', schema: { type: 'object' } },
        503: { description: 'It does not.', schema: { type: 'object' } },
      },
    },
    'GET /health': {
      summary: 'As /health/ready',
      access: 'public',
      answers: {
        200: { description: 'It does.', schema: { type: 'object' } },
        503: { description: 'It does not.', schema: { type: 'object' } },
      },
    },
    'GET /metrics': {
      summary: 'Metrics about Lens itself, for Prometheus',
      access: 'admin',
      answers: { 200: { description: 'In the text format.', types: ['text/plain'] } },
    },
    'GET /api/openapi.json': {
      summary: 'This description',
      access: 'public',
      answers: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
    },
  },
}
