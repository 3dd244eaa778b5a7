/** Hono publishes no events: the server's span is there, and one middleware gives it the route. */
import { serve } from '@hono/node-server'
import { trace } from '@opentelemetry/api'
import { correlate, tracedSpan } from '@rustok/telemetry'
import { Hono } from 'hono'
import { routePath } from 'hono/route'

const app = new Hono()

app.use(async (context, next) => {
  const server = trace.getActiveSpan()
  await correlate({ tenantId: context.req.header('x-tenant') ?? 'unknown' }, next)
  // After the handlers: -1 is the last that matched, which is the handler's route and not this middleware's.
  const route = routePath(context, -1)
  server?.updateName(`${context.req.method} ${route}`).setAttribute('http.route', route)
})

app.get('/carts/:id', async (context) => {
  const id = context.req.param('id')
  return context.json(await tracedSpan('load cart', { 'cart.id': id }, async () => ({ id, items: 3 })))
})

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 0), hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`http://127.0.0.1:${port}/carts/7`),
)
