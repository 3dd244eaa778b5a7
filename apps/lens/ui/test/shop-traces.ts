/**
 * Traces of a multi-tenant shop platform: a gateway, the GraphQL server, payments, a worker behind an event bus, search and
 * mail; with the slow and the wrong ones that the product exists for. Used by the fixture server.
 */
import type { TraceResponse } from 'rustok-lens/contract'
import { type OpenSpan, type Random, type SpanParts, TraceBuilder } from './trace-builder.ts'

const TENANTS = [
  { name: 'nordlicht-books', weight: 9, users: ['ada.lindqvist', 'm.okafor', 'jun.tanaka', 'svc-import'] },
  { name: 'casa-oliva', weight: 6, users: ['lucia.ferrer', 'p.moreau', 'd.rossi'] },
  { name: 'atelier-kumo', weight: 4, users: ['h.sato', 'emi.k'] },
  { name: 'velo-republic', weight: 3, users: ['t.novak', 'anna.s', 'b.larsen'] },
  { name: 'green-dispensary', weight: 1, users: ['ops@green'] },
] as const

const PAYMENT_STACK = `    at ProviderClient.#send (file:///srv/payments/src/provider/client.ts:118:13)
    at async ProviderClient.charge (file:///srv/payments/src/provider/client.ts:64:22)
    at async ChargeService.capture (file:///srv/payments/src/charge/charge-service.ts:41:20)
    at async Object.handler (file:///srv/payments/src/routes/charges.ts:27:18)`

const GRAPHQL_STACK = `    at createOrder (file:///srv/rustok-server/src/orders/create-order.ts:73:11)
    at async Executor.executeField (file:///srv/rustok-server/node_modules/graphql/execution/Executor.mjs:412:23)
    at async Executor.executeRootSelectionSet (file:///srv/rustok-server/node_modules/graphql/execution/Executor.mjs:188:9)`

const CREATE_ORDER = `mutation CreateOrder($input: CreateOrderInput!) {
  createOrder(input: $input) {
    order { id number state total { amount currency } }
    problems { code message }
  }
}`

const PRODUCT_LIST = `query ProductList($first: Int = 24, $after: String) {
  products(first: $first, after: $after) {
    nodes { id title price { amount currency } variants { sku stock } }
    pageInfo { hasNextPage endCursor }
  }
}`

export function shopTrace(random: Random, startMillis: number): TraceResponse {
  const tenant = pickTenant(random)
  const builder = new TraceBuilder(
    random,
    startMillis,
    tenant.name,
    random.chance(0.92) ? random.pick(tenant.users) : '',
  )
  const kind = random.next()
  if (kind < 0.34)
    createOrder(builder, random.chance(0.16) ? 'declined' : random.chance(0.12) ? 'lock' : 'fine')
  else if (kind < 0.72) productList(builder, random.chance(0.1))
  else if (kind < 0.88) publishNode(builder, random.chance(0.08))
  else importCatalog(builder)
  return builder.build()
}

/** The order whose payment is retried and refused: what the pictures of the product show. */
export function declinedOrder(random: Random, startMillis: number): TraceResponse {
  const builder = new TraceBuilder(random, startMillis, 'nordlicht-books', 'ada.lindqvist')
  createOrder(builder, 'declined')
  return builder.build()
}

function pickTenant(random: Random) {
  let left = random.next() * TENANTS.reduce((sum, tenant) => sum + tenant.weight, 0)
  for (const tenant of TENANTS) {
    left -= tenant.weight
    if (left < 0) return tenant
  }
  return TENANTS[0]
}

function createOrder(t: TraceBuilder, outcome: 'fine' | 'declined' | 'lock'): void {
  http(t, undefined, 'storefront', 'POST /checkout', 'POST', '/checkout', 200, (gateway) => {
    t.work(420)
    t.within(gateway, { service: 'storefront', name: 'verify token', scope: 'jose' }, () => t.work(680))
    remote(t, gateway, 'rustok-server', 'POST', '/graphql', 200, (server) => {
      graphql(t, server, 'mutation CreateOrder', CREATE_ORDER, (execute) => {
        const failed = resolver(t, execute, 'Mutation.createOrder', (resolve) => {
          t.work(300)
          const tx = t.open(resolve, { service: 'rustok-server', name: 'transaction', scope: 'kysely' })
          db(t, tx, 'BEGIN', 'begin', 180)
          db(
            t,
            tx,
            'SELECT inventory',
            `select "sku", "on_hand", "reserved"\nfrom "inventory"\nwhere "tenant_id" = $1 and "sku" = any($2)\norder by "sku"\nfor update`,
            outcome === 'lock' ? 1_840_000 : 2400,
          )
          db(
            t,
            tx,
            'INSERT orders',
            `insert into "orders" ("id", "tenant_id", "customer_id", "state", "total_minor", "currency")\nvalues ($1, $2, $3, 'pending', $4, $5)\nreturning "id", "number"`,
            1900,
          )
          db(
            t,
            tx,
            'INSERT order_lines',
            `insert into "order_lines" ("order_id", "sku", "quantity", "unit_minor")\nvalues ($1, $2, $3, $4), ($1, $5, $6, $7)`,
            1300,
          )
          const refused = charge(t, tx, outcome === 'declined')
          if (refused) db(t, tx, 'ROLLBACK', 'rollback', 300)
          else db(t, tx, 'COMMIT', 'commit', 2600)
          t.close(tx)
          if (refused) {
            t.fail(tx, 'payment could not be captured')
            t.fail(resolve, 'Payment provider did not answer within 2500 ms', {
              type: 'PaymentError',
              stack: GRAPHQL_STACK,
            })
            return true
          }
          publish(t, resolve, 'order.created', true)
          return false
        })
        if (failed) t.fail(execute, '1 error: createOrder')
      })
    })
    t.work(350)
  })
}

function charge(t: TraceBuilder, parent: OpenSpan, refused: boolean): boolean {
  remote(t, parent, 'payments', 'POST', '/v1/charges', refused ? 502 : 201, (server) => {
    t.work(700)
    db(
      t,
      server,
      'SELECT payment_methods',
      `select * from "payment_methods" where "tenant_id" = $1 and "customer_id" = $2 and "is_default"`,
      1500,
      'payments',
    )
    const attempts = refused ? 2 : 1
    for (let attempt = 1; attempt <= attempts; attempt++) {
      t.within(
        server,
        {
          service: 'payments',
          name: 'POST',
          kind: 'client',
          scope: 'undici',
          attributes: {
            'http.request.method': 'POST',
            'http.request.resend_count': attempt - 1,
            'server.address': 'api.cardworks.example',
            'url.full': 'https://api.cardworks.example/v3/captures',
            ...(refused ? { 'error.type': 'TimeoutError' } : { 'http.response.status_code': 200 }),
          },
        },
        (open) => {
          t.work(1200)
          t.event(open, 'connection.acquired', { 'connection.reused': attempt === 1 })
          t.work(refused ? 1_250_000 : 64_000)
          if (refused)
            t.fail(open, `no answer within 1250 ms (attempt ${attempt} of 2)`, {
              type: 'TimeoutError',
              stack: PAYMENT_STACK,
            })
        },
      )
      if (refused && attempt === 1) {
        t.event(server, 'retry.scheduled', {
          'retry.delay_ms': 120,
          'retry.attempt': 2,
          reason: 'TimeoutError',
        })
        t.work(120_000)
      }
    }
    t.work(600)
    if (refused) t.fail(server, 'Payment provider did not answer within 2500 ms')
  })
  return refused
}

function productList(t: TraceBuilder, coldCache: boolean): void {
  http(t, undefined, 'storefront', 'GET /{category}', 'GET', '/{category}', 200, (gateway) => {
    t.work(380)
    remote(t, gateway, 'rustok-server', 'POST', '/graphql', 200, (server) => {
      graphql(t, server, 'query ProductList', PRODUCT_LIST, (execute) => {
        resolver(t, execute, 'Query.products', (resolve) => {
          t.within(
            resolve,
            {
              service: 'rustok-server',
              name: 'GET',
              kind: 'client',
              scope: 'ioredis',
              attributes: { 'db.system.name': 'redis', 'db.operation.name': 'GET', 'cache.hit': !coldCache },
            },
            () => t.work(420),
          )
          db(
            t,
            resolve,
            'SELECT products',
            `select "id", "title", "price_minor", "currency"\nfrom "products"\nwhere "tenant_id" = $1 and "published_at" <= now()\norder by "rank" desc, "id"\nlimit $2`,
            coldCache ? 210_000 : 4200,
          )
          t.work(500)
        })
        const loads = coldCache ? 24 : 3
        for (let load = 0; load < loads; load++) {
          resolver(t, execute, 'Product.variants', (resolve) => {
            db(
              t,
              resolve,
              'SELECT variants',
              `select "sku", "stock" from "variants" where "tenant_id" = $1 and "product_id" = $2`,
              coldCache ? 14_000 : 1800,
            )
          })
        }
      })
    })
    t.work(260)
  })
}

function publishNode(t: TraceBuilder, conflict: boolean): void {
  http(t, undefined, 'rustok-server', 'POST /graphql', 'POST', '/graphql', 200, (server) => {
    graphql(
      t,
      server,
      'mutation PublishNode',
      'mutation PublishNode($id: ID!) { publishNode(id: $id) { id publishedAt } }',
      (execute) => {
        resolver(t, execute, 'Mutation.publishNode', (resolve) => {
          const update = db(
            t,
            resolve,
            'UPDATE nodes',
            `update "nodes" set "published_at" = now(), "slug" = $3\nwhere "tenant_id" = $1 and "id" = $2\nreturning *`,
            3100,
          )
          if (conflict) {
            t.fail(update, 'duplicate key value violates unique constraint "nodes_tenant_slug_key"', {
              type: 'DatabaseError',
              stack:
                '    at PGlite.#execute (file:///srv/rustok-server/node_modules/@electric-sql/pglite/dist/index.js:1:4412)\n    at async publishNode (file:///srv/rustok-server/src/content/publish-node.ts:31:16)',
            })
            t.fail(resolve, 'slug is taken')
            return
          }
          publish(t, resolve, 'content.node.published', false)
        })
      },
    )
  })
}

function importCatalog(t: TraceBuilder): void {
  t.within(
    undefined,
    {
      service: 'rustok-worker',
      name: 'import catalog',
      kind: 'consumer',
      attributes: { 'messaging.destination.name': 'imports', 'messaging.system': 'nats' },
    },
    (job) => {
      t.work(9000)
      const pages = 3 + Math.floor(t.random.next() * 6)
      for (let page = 1; page <= pages; page++) {
        t.within(
          job,
          {
            service: 'rustok-worker',
            name: 'import page',
            attributes: { 'import.page': page, 'import.rows': 250 },
          },
          (open) => {
            remote(t, open, 'search-index', 'POST', '/bulk', 200, (server) => {
              t.work(2400)
              t.within(server, { service: 'search-index', name: 'analyze' }, () => t.work(18_000))
              t.within(server, { service: 'search-index', name: 'flush segment' }, () => t.work(31_000))
            })
            db(
              t,
              open,
              'COPY products',
              'copy "products_staging" from stdin with (format binary)',
              22_000,
              'rustok-worker',
            )
          },
        )
      }
    },
  )
}

function publish(t: TraceBuilder, parent: OpenSpan, subject: string, mail: boolean): void {
  const producer = t.within(
    parent,
    {
      service: 'rustok-server',
      name: `publish ${subject}`,
      kind: 'producer',
      attributes: {
        'messaging.system': 'nats',
        'messaging.operation.name': 'publish',
        'messaging.destination.name': subject,
      },
    },
    () => t.work(700),
  )
  // The worker takes over while the request goes on, and ends after it.
  const resumed = t.now
  t.work(16_000)
  t.within(
    producer,
    {
      service: 'rustok-worker',
      name: `process ${subject}`,
      kind: 'consumer',
      attributes: {
        'messaging.system': 'nats',
        'messaging.operation.name': 'process',
        'messaging.destination.name': subject,
        'messaging.message.delivery_count': 1,
      },
    },
    (consumer) => {
      t.link(consumer, t.traceId, producer.span.spanId)
      t.work(900)
      db(
        t,
        consumer,
        'UPSERT read_model',
        `insert into "order_view" ("id", "tenant_id", "document")\nvalues ($1, $2, $3)\non conflict ("id") do update set "document" = excluded."document"`,
        3800,
        'rustok-worker',
      )
      remote(t, consumer, 'search-index', 'PUT', '/documents/{id}', 200, (server) => {
        t.work(2100)
        t.within(server, { service: 'search-index', name: 'analyze' }, () => t.work(5200))
      })
      if (mail) {
        remote(t, consumer, 'mailer', 'POST', '/send', 202, (server) => {
          t.work(1400)
          t.within(server, { service: 'mailer', name: 'render order-confirmation' }, () => t.work(8400))
          t.within(
            server,
            {
              service: 'mailer',
              name: 'SMTP DATA',
              kind: 'client',
              attributes: { 'server.address': 'smtp.postbox.example', 'server.port': 587 },
            },
            () => t.work(41_000),
          )
        })
      }
    },
  )
  t.now = resumed
}

function http(
  t: TraceBuilder,
  parent: OpenSpan | undefined,
  service: string,
  name: string,
  method: string,
  path: string,
  status: number,
  body: (open: OpenSpan) => void,
): OpenSpan {
  return t.within(
    parent,
    {
      service,
      name,
      kind: 'server',
      scope: 'node:http',
      attributes: {
        'client.address': '203.0.113.24',
        'http.request.method': method,
        'http.response.status_code': status,
        'http.route': path,
        'network.protocol.version': '1.1',
        'url.path': path,
        'url.scheme': 'https',
        'user_agent.original':
          'Mozilla/5.0 (Macintosh; Intel Mac OS X 15_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15',
      },
    },
    (open) => {
      body(open)
      if (status >= 500 && open.span.status !== 'error') t.fail(open, `HTTP ${status}`)
    },
  )
}

function remote(
  t: TraceBuilder,
  parent: OpenSpan,
  service: string,
  method: string,
  path: string,
  status: number,
  body: (open: OpenSpan) => void,
): void {
  t.within(
    parent,
    {
      service: parent.service,
      name: method,
      kind: 'client',
      scope: 'undici',
      attributes: {
        'http.request.method': method,
        'http.response.status_code': status,
        'server.address': `${service}.internal`,
        'server.port': 8080,
        'url.full': `http://${service}.internal:8080${path}`,
      },
    },
    (client) => {
      t.work(450)
      http(t, client, service, `${method} ${path}`, method, path, status, body)
      t.work(380)
      if (status >= 500) t.fail(client, `HTTP ${status}`)
    },
  )
}

function graphql(
  t: TraceBuilder,
  parent: OpenSpan,
  name: string,
  document: string,
  body: (execute: OpenSpan) => void,
): void {
  const parts = (step: string, attributes: SpanParts['attributes'] = {}): SpanParts => ({
    service: 'rustok-server',
    name: step,
    scope: 'graphql',
    attributes,
  })
  t.work(240)
  t.within(parent, parts('graphql.parse'), () => t.work(160))
  t.within(parent, parts('graphql.validate'), () => t.work(310))
  t.within(
    parent,
    parts(name, {
      'graphql.document': document,
      'graphql.operation.name': name.split(' ')[1]!,
      'graphql.operation.type': name.split(' ')[0]!,
    }),
    body,
  )
}

function resolver<Result>(
  t: TraceBuilder,
  parent: OpenSpan,
  field: string,
  body: (open: OpenSpan) => Result,
): Result {
  const open = t.open(parent, {
    service: 'rustok-server',
    name: field,
    scope: 'graphql',
    attributes: {
      'graphql.field.path': field.split('.')[1]!,
      'graphql.field.parent_type': field.split('.')[0]!,
    },
  })
  const result = body(open)
  t.close(open)
  return result
}

function db(
  t: TraceBuilder,
  parent: OpenSpan,
  name: string,
  statement: string,
  micros: number,
  service = 'rustok-server',
): OpenSpan {
  return t.within(
    parent,
    {
      service,
      name,
      kind: 'client',
      scope: 'kysely',
      attributes: {
        'db.namespace': service === 'payments' ? 'payments' : 'rustok',
        'db.operation.name': name.split(' ')[0]!,
        'db.query.text': statement,
        'db.system.name': 'postgresql',
        'server.address': 'pg-1.internal',
        'server.port': 5432,
      },
    },
    () => t.work(micros),
  )
}
