/**
 * The platform whose traffic is generated: services in layers, their routes, and what each route calls. It is the same for every seed, so
 * that several generators together look like one platform.
 */

import { Random } from './random.ts'

export interface Service {
  readonly name: string
  readonly version: string
  readonly instances: number
  readonly language: 'nodejs' | 'go' | 'java' | 'python'
  readonly database: Database
  readonly routes: readonly Route[]
  readonly consumers: readonly Consumer[]
}

export interface Database {
  readonly system: 'postgresql' | 'mysql' | 'mongodb'
  readonly namespace: string
  readonly hosts: readonly string[]
}

/** What a service does when it is called: some steps, each with what it takes by itself. */
export interface Work {
  readonly service: Service
  /** Milliseconds of its own, without what it waits for. */
  readonly medianMs: number
  readonly sigma: number
  readonly steps: readonly Step[]
}

export interface Route extends Work {
  readonly method: string
  readonly template: string
  readonly name: string
}

export interface Consumer extends Work {
  readonly topic: string
}

export type Step =
  | {
      readonly kind: 'query'
      readonly query: Query
      readonly probability: number
      readonly repeated: boolean
    }
  | { readonly kind: 'cache'; readonly key: string; readonly probability: number }
  | { readonly kind: 'call'; readonly route: Route; readonly probability: number; readonly parallel: boolean }
  | { readonly kind: 'publish'; readonly consumer: Consumer; readonly probability: number }
  | {
      readonly kind: 'function'
      readonly name: string
      readonly medianMs: number
      readonly probability: number
    }

export interface Query {
  readonly operation: string
  readonly collection: string
  readonly text: string
  readonly medianMs: number
}

interface Sketch {
  readonly name: string
  readonly language: Service['language']
  readonly system: Database['system']
  readonly resources: readonly string[]
  /** Services below, which it may call. */
  readonly calls: readonly string[]
}

/** From the bottom up: a service only calls what stands above it in this list. */
const sketches: readonly Sketch[] = [
  {
    name: 'media',
    language: 'go',
    system: 'postgresql',
    resources: ['images', 'videos', 'thumbnails'],
    calls: [],
  },
  {
    name: 'identity',
    language: 'java',
    system: 'postgresql',
    resources: ['sessions', 'users', 'tokens', 'roles', 'invitations'],
    calls: [],
  },
  {
    name: 'pricing',
    language: 'go',
    system: 'postgresql',
    resources: ['prices', 'discounts', 'taxes', 'currencies'],
    calls: [],
  },
  {
    name: 'inventory',
    language: 'java',
    system: 'mysql',
    resources: ['stock', 'warehouses', 'reservations', 'suppliers'],
    calls: [],
  },
  {
    name: 'notifications',
    language: 'nodejs',
    system: 'mongodb',
    resources: ['emails', 'webhooks', 'templates', 'subscriptions'],
    calls: ['identity'],
  },
  {
    name: 'search',
    language: 'java',
    system: 'mongodb',
    resources: ['queries', 'suggestions', 'indexes', 'synonyms'],
    calls: ['pricing'],
  },
  {
    name: 'catalog',
    language: 'nodejs',
    system: 'postgresql',
    resources: ['products', 'variants', 'categories', 'collections', 'brands', 'reviews'],
    calls: ['media', 'pricing', 'inventory'],
  },
  {
    name: 'recommendations',
    language: 'python',
    system: 'mongodb',
    resources: ['related', 'trending', 'profiles'],
    calls: ['catalog'],
  },
  {
    name: 'cart',
    language: 'nodejs',
    system: 'postgresql',
    resources: ['carts', 'items', 'vouchers', 'wishlists'],
    calls: ['catalog', 'pricing', 'inventory'],
  },
  {
    name: 'payments',
    language: 'java',
    system: 'postgresql',
    resources: ['charges', 'refunds', 'methods', 'payouts', 'disputes'],
    calls: ['identity', 'notifications'],
  },
  {
    name: 'shipping',
    language: 'go',
    system: 'mysql',
    resources: ['shipments', 'labels', 'carriers', 'rates', 'returns'],
    calls: ['inventory', 'notifications'],
  },
  {
    name: 'checkout',
    language: 'nodejs',
    system: 'postgresql',
    resources: ['orders', 'invoices', 'quotes', 'drafts'],
    calls: ['cart', 'payments', 'shipping', 'inventory', 'pricing'],
  },
  {
    name: 'reports',
    language: 'python',
    system: 'postgresql',
    resources: ['exports', 'dashboards', 'metrics'],
    calls: ['catalog', 'checkout'],
  },
  {
    name: 'gateway',
    language: 'nodejs',
    system: 'postgresql',
    resources: ['pages', 'store', 'account', 'orders', 'products', 'search', 'admin', 'feeds'],
    calls: ['identity', 'catalog', 'search', 'cart', 'checkout', 'recommendations', 'reports', 'media'],
  },
]

const verbs = [
  { method: 'GET', template: (path: string) => path, sql: 'SELECT' },
  { method: 'GET', template: (path: string) => `${path}/{id}`, sql: 'SELECT' },
  { method: 'POST', template: (path: string) => path, sql: 'INSERT' },
  { method: 'PUT', template: (path: string) => `${path}/{id}`, sql: 'UPDATE' },
  { method: 'DELETE', template: (path: string) => `${path}/{id}`, sql: 'DELETE' },
  { method: 'GET', template: (path: string) => `${path}/{id}/history`, sql: 'SELECT' },
] as const

export interface Landscape {
  readonly services: readonly Service[]
  /** Where requests come in, the most visited first. */
  readonly entries: readonly Route[]
}

export function buildLandscape(): Landscape {
  const random = new Random(20_26)
  const services = new Map<string, Service>()
  for (const sketch of sketches) services.set(sketch.name, buildService(sketch, services, random))
  const gateway = services.get('gateway')!
  return { services: [...services.values()], entries: shuffled(gateway.routes, random) }
}

function buildService(sketch: Sketch, below: ReadonlyMap<string, Service>, random: Random): Service {
  const routes: Route[] = []
  const consumers: Consumer[] = []
  const { name } = sketch
  const service: Service = {
    name,
    version: `${1 + random.below(4)}.${random.below(30)}.${random.below(9)}`,
    instances: 2 + random.below(3),
    language: sketch.language,
    database: {
      system: sketch.system,
      namespace: name,
      hosts: [`${name}-db-0.internal`, `${name}-db-1.internal`, `${name}-db-2.internal`],
    },
    routes,
    consumers,
  }
  for (const resource of sketch.resources) {
    const callable = sketch.calls.flatMap((called) => below.get(called)!.routes)
    for (const verb of verbs) {
      const template = verb.template(`/api/${name === 'gateway' ? '' : 'v2/'}${resource}`)
      routes.push({
        service,
        method: verb.method,
        template,
        name: `${verb.method} ${template}`,
        medianMs: random.logNormal(1.5, 0.8),
        sigma: 0.4 + random.unit() * 0.8,
        steps: stepsOf(service, resource, verb.sql, callable, below, random),
      })
    }
    if (random.chance(0.6)) {
      consumers.push({
        service,
        topic: `${name}.${resource}.changed`,
        medianMs: random.logNormal(3, 0.8),
        sigma: 0.8,
        steps: [
          {
            kind: 'query',
            query: queryOf(service, resource, 'SELECT', random),
            probability: 1,
            repeated: false,
          },
          {
            kind: 'query',
            query: queryOf(service, resource, 'UPDATE', random),
            probability: 0.7,
            repeated: false,
          },
        ],
      })
    }
  }
  return service
}

function stepsOf(
  service: Service,
  resource: string,
  sql: string,
  callable: readonly Route[],
  below: ReadonlyMap<string, Service>,
  random: Random,
): readonly Step[] {
  const steps: Step[] = []
  if (random.chance(0.5)) steps.push({ kind: 'cache', key: `${service.name}:${resource}`, probability: 0.9 })
  if (random.chance(0.4)) {
    const name = `${resource}.${random.pick(['validate', 'authorize', 'resolve', 'render', 'map'])}`
    steps.push({ kind: 'function', name, medianMs: random.logNormal(0.6, 0.7), probability: 0.8 })
  }
  const queries = service.name === 'gateway' ? 0 : 1 + random.below(2)
  for (let count = 0; count < queries; count++) {
    const repeated = random.chance(0.2)
    steps.push({ kind: 'query', query: queryOf(service, resource, sql, random), probability: 0.7, repeated })
  }
  const calls = callable.length === 0 ? 0 : 1 + random.below(service.name === 'gateway' ? 3 : 2)
  for (let count = 0; count < calls; count++) {
    const route = random.pick(callable)
    const probability = service.name === 'gateway' ? 0.75 : 0.3
    steps.push({ kind: 'call', route, probability, parallel: random.chance(0.4) })
  }
  const consumers = [...below.values()].flatMap((other) => other.consumers)
  if (sql !== 'SELECT' && consumers.length > 0 && random.chance(0.6)) {
    steps.push({ kind: 'publish', consumer: random.pick(consumers), probability: 0.5 })
  }
  return steps
}

function queryOf({ database }: Service, collection: string, operation: string, random: Random): Query {
  const columns = [
    'id',
    'tenant_id',
    'name',
    'status',
    'created_at',
    'updated_at',
    'amount',
    'position',
    'data',
  ]
  const listed = columns.slice(0, 3 + random.below(6)).join(', ')
  const by = random.pick(['id', 'status', 'created_at', 'position'])
  const texts: Readonly<Record<string, string>> = {
    SELECT: `SELECT ${listed} FROM ${collection} WHERE tenant_id = $1 AND ${by} = $2 ORDER BY ${by} LIMIT $3`,
    INSERT: `INSERT INTO ${collection} (${listed}) VALUES ($1, $2, $3) RETURNING id`,
    UPDATE: `UPDATE ${collection} SET ${by} = $3, updated_at = now() WHERE tenant_id = $1 AND id = $2`,
    DELETE: `DELETE FROM ${collection} WHERE tenant_id = $1 AND id = $2`,
  }
  const text =
    database.system === 'mongodb'
      ? `{"${operation.toLowerCase()}":"${collection}","filter":{"${by}":"?"}}`
      : texts[operation]!
  return { operation, collection, text, medianMs: random.logNormal(1.2, 0.9) }
}

function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const result = [...values]
  for (let index = result.length - 1; index > 0; index--) {
    const other = random.below(index + 1)
    ;[result[index], result[other]] = [result[other]!, result[index]!]
  }
  return result
}
