/** Express: spans are named by the route, and the tenant is set by one middleware. */
import type { AddressInfo } from 'node:net'
import { correlate, tracedSpan } from '@rustok/telemetry'
import express from 'express'

const app = express()

// Your authentication knows the tenant; a header stands for it here.
app.use((request, _response, next) => {
  correlate({ tenantId: request.get('x-tenant') ?? 'unknown' }, next)
})

app.get('/orders/:id', async (request, response) => {
  const { id } = request.params
  const order = await tracedSpan('load order', { 'order.id': id }, async () => ({ id, total: 4200 }))
  response.json(order)
})

const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  console.log(`http://127.0.0.1:${port}/orders/42`)
})
