/** Plain node:http: the server's span is there by itself, the work within it is a span of our own. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { correlate, tracedSpan } from '@rustok/telemetry'

const server = createServer((request, response) => {
  correlate({ tenantId: String(request.headers['x-tenant'] ?? 'unknown') }, async () => {
    const stock = await tracedSpan('count stock', { 'stock.sku': 'A-1' }, async () => ({
      sku: 'A-1',
      left: 7,
    }))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(stock))
  })
})

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  console.log(`http://127.0.0.1:${port}/stock`)
})
