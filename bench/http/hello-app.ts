/** The smallest Fastify application: next to nothing to do, so that what tracing costs a request shows in full. */
import Fastify, { type FastifyInstance } from 'fastify'

export function buildHello(): FastifyInstance {
  const app = Fastify()
  app.get('/hello', { schema: { response: { 200: helloSchema } } }, async () => ({ hello: 'world' }))
  return app
}

const helloSchema = { type: 'object', properties: { hello: { type: 'string' } } } as const
