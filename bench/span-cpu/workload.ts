/**
 * The spans that every contender makes: an HTTP server's, by the stable conventions and with a tenant, created with eight attributes, of
 * which one is set later. What repeats in a real service repeats here; what is unique there is unique here.
 */
import { type Attributes, SpanKind, type SpanOptions, type Tracer } from '@opentelemetry/api'

/** Paths differ in their ids: far more than any cache of values holds. A power of two. */
const pathCount = 16_384
const tenantCount = 40

const methods = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'] as const
const resources = ['orders', 'products', 'customers', 'invoices', 'carts', 'nodes', 'pages', 'media'] as const
const statuses = [200, 200, 200, 200, 200, 200, 201, 204, 304, 404] as const
const userAgents = [
  'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1',
  'storefront-sync/2.4.1 node/26',
  'curl/8.14.1',
] as const

const tenants = Array.from({ length: tenantCount }, (_, i) => flat(`tenant-${String(i).padStart(3, '0')}`))
const names = methods.map((method) => resources.map((resource) => flat(`${method} /api/${resource}/:id`)))
const routes = resources.map((resource) => flat(`/api/${resource}/:id`))
const paths = Array.from({ length: pathCount }, (_, i) => {
  const id = Math.imul(i + 1, 0x9e3779b1) >>> 0
  return flat(`/api/${resources[i % resources.length]}/${id.toString(16).padStart(8, '0')}-${i}`)
})

/** A string as a parser makes one: joined strings would be flattened at the first contender's expense, and never again. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

export const statusKey = 'http.response.status_code'

export function nameOf(i: number): string {
  return names[i % methods.length]![i % resources.length]!
}

/** The eight attributes that span `i` is created with. */
export function attributesOf(i: number): Attributes {
  return {
    'http.request.method': methods[i % methods.length]!,
    'http.route': routes[i % resources.length]!,
    'url.path': paths[i & (pathCount - 1)]!,
    'url.scheme': 'https',
    'server.address': 'shop.example.com',
    'server.port': 443,
    'user_agent.original': userAgents[i % userAgents.length]!,
    tenant_id: tenants[i % tenantCount]!,
  }
}

/** The one that is set later. */
export function statusOf(i: number): number {
  return statuses[i % statuses.length]!
}

export type Workload = 'server' | 'client'

/** What makes the spans from one number to another. */
export const makers: Readonly<Record<Workload, (tracer: Tracer, from: number, to: number) => void>> = {
  server: makeSpans,
  client: makeClientSpans,
}

function makeSpans(tracer: Tracer, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const span = tracer.startSpan(nameOf(i), optionsOf(i))
    span.setAttribute(statusKey, statusOf(i))
    span.end()
  }
}

const statements = resources.map((resource) =>
  flat(`SELECT id, title FROM ${resource} WHERE tenant_id = $1 AND status = 'open' ORDER BY id LIMIT 20`),
)

/** Calls out: each URL is of its own and has a query, statements repeat, as an ORM's do. */
function makeClientSpans(tracer: Tracer, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const path = paths[i & (pathCount - 1)]!
    const attributes = {
      'http.request.method': methods[i % methods.length]!,
      'url.full': `https://partner.example.com${path}?page=2&sort=name&access_token=abcdef`,
      'db.system.name': 'postgresql',
      'db.query.text': statements[i % statements.length]!,
      'server.address': 'partner.example.com',
      'server.port': 443,
      tenant_id: tenants[i % tenantCount]!,
    }
    tracer.startSpan('GET', { kind: SpanKind.CLIENT, attributes }).end()
  }
}

/** Where the loop without spans leaves what it made, or the compiler would remove the loop. */
let lastMade: SpanOptions | undefined

/** The same loop with everything but the spans. */
export function makeNothing(from: number, to: number): SpanOptions | undefined {
  for (let i = from; i < to; i++) {
    nameOf(i)
    lastMade = optionsOf(i)
    statusOf(i)
  }
  return lastMade
}

function optionsOf(i: number): SpanOptions {
  return { kind: SpanKind.SERVER, attributes: attributesOf(i) }
}
