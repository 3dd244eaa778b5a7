/**
 * Names of services and of their operations, over everything that is stored, sorted. From a table of them, which knows no tenants: who may see some tenants alone
 * is answered from their spans, which lie together.
 */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'

export async function listServices(engine: StoreEngine, options?: QueryOptions): Promise<string[]> {
  const { rows } = await engine.query<{ service: string }>(
    `SELECT service FROM ${tableFor(engine)} GROUP BY service ORDER BY service`,
    {},
    options,
  )
  return rows.map(({ service }) => service)
}

export interface Operation {
  readonly name: string
  readonly kind: number
}

/** `kind` picks the operations of one kind of span. */
export async function listOperations(
  engine: StoreEngine,
  service: string,
  kind: number | undefined,
  options?: QueryOptions,
): Promise<readonly Operation[]> {
  const { rows } = await engine.query<Operation>(
    `SELECT name, kind FROM ${tableFor(engine)} WHERE service = {service:String} ${kind === undefined ? '' : 'AND kind = {kind:Int32}'}
     GROUP BY name, kind ORDER BY name, kind`,
    { service, ...(kind === undefined ? {} : { kind }) },
    options,
  )
  return rows
}

function tableFor({ isRestricted }: StoreEngine): string {
  return isRestricted ? 'spans' : 'operations'
}
