/** CommonJS: the same, with `--require`; `require` loads the package though it is made of ES modules. */
const { createServer } = require('node:http')
const { correlate, traced } = require('@rustok/telemetry')

const priceOf = traced('price of', { attributes: (sku) => ({ 'price.sku': sku }) }, async (sku) => ({
  sku,
  cents: 1999,
}))

const server = createServer((request, response) => {
  correlate({ tenantId: String(request.headers['x-tenant'] ?? 'unknown') }, async () => {
    response.end(JSON.stringify(await priceOf('A-1')))
  })
})

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/price`)
})
