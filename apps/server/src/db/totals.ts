/**
 * How much there is of what tenants keep, for the metrics: of all tenants together, counted tenant by tenant, because the policies of the
 * database show nobody the rows of two, and a figure for a dashboard is no reason to change that.
 */
import { sql } from 'kysely'
import { untraced } from '../events/messaging-spans.ts'
import type { TenantDatabase } from './tenant-database.ts'

/** Scrapers get the last count for so long, and longer where counting takes long: it may fill a twentieth of the time. */
const FRESH_MS = 30_000
const REST_FACTOR = 20

export interface Totals {
  readonly nodes: number
  readonly products: number
  readonly orders: number
}

/** What it returns counts once for all who ask meanwhile; a count that failed is not kept. */
export function readTotals(tenants: TenantDatabase): () => Promise<Totals> {
  let last: Promise<Totals> | undefined
  let freshUntil = Number.POSITIVE_INFINITY
  return () => {
    if (last !== undefined && performance.now() < freshUntil) return last
    const begin = performance.now()
    freshUntil = Number.POSITIVE_INFINITY
    const counting = untraced(() => count(tenants))
    last = counting
    counting.then(
      () => {
        const end = performance.now()
        freshUntil = end + Math.max(FRESH_MS, (end - begin) * REST_FACTOR)
      },
      () => {
        last = undefined
      },
    )
    return counting
  }
}

async function count(tenants: TenantDatabase): Promise<Totals> {
  const all = await tenants.system('metrics', (trx) => trx.selectFrom('tenants').select('id').execute())
  const totals = { nodes: 0, products: 0, orders: 0 }
  // One after the other: a scrape must not take the connections of those who wait for an answer.
  for (const { id } of all) {
    const found = await countOf(tenants, id)
    totals.nodes += found.nodes
    totals.products += found.products
    totals.orders += found.orders
  }
  return totals
}

async function countOf(tenants: TenantDatabase, tenantId: string): Promise<Totals> {
  const { nodes, products, orders } = await tenants.read(tenantId, (db) => {
    const rows = (table: 'nodes' | 'products' | 'orders') =>
      db
        .selectFrom(table)
        .select(sql<number>`cast(count(*) as integer)`.as('rows'))
        .where('tenant_id', '=', tenantId)
    return db
      .selectNoFrom([rows('nodes').as('nodes'), rows('products').as('products'), rows('orders').as('orders')])
      .executeTakeFirstOrThrow()
  })
  return { nodes: nodes ?? 0, products: products ?? 0, orders: orders ?? 0 }
}
