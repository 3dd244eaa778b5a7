/** Fastify: spans are named by the route; a hook sets the tenant for all that follows, with `done` called inside. */
import { correlate, tracedSpan } from '@rustok/telemetry'
import { fastify } from 'fastify'

const app = fastify()

app.addHook('onRequest', (request, _reply, done) => {
  correlate({ tenantId: String(request.headers['x-tenant'] ?? 'unknown') }, done)
})

app.get<{ Params: { id: string } }>('/users/:id', async ({ params }) =>
  tracedSpan('load user', { 'app.user': params.id }, async () => ({ id: params.id, name: 'Ann' })),
)

console.log(`${await app.listen({ port: Number(process.env.PORT ?? 0), host: '127.0.0.1' })}/users/ann`)
