/** GET /api/openapi.json: the description of all of this, for tools that make clients and forms. It says nothing of what is stored, so it is open. */

import type { FastifyInstance } from 'fastify'
import packageJson from '../../package.json' with { type: 'json' }
import { describeApi } from './openapi/description.ts'

export async function openApiRoute(app: FastifyInstance): Promise<void> {
  let text: string | undefined
  app.get('/openapi.json', { config: { access: 'public' } }, async (_request, reply) => {
    text ??= JSON.stringify(describeApi(packageJson.version))
    return reply.type('application/json; charset=utf-8').send(text)
  })
}
