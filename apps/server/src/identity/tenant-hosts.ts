/**
 * Which tenant a host name belongs to. Asked with every request that comes under a name, so answers are remembered for a while,
 * those without a tenant as well; a bounded number, because the name is the sender's.
 */
import { isIP } from 'node:net'
import type { TenantDatabase } from '../db/tenant-database.ts'

const REMEMBERED_MS = 30_000
const MAX_REMEMBERED = 1_000

/** RFC 1123 section 2.1, in lower case. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/

export class TenantHosts {
  readonly #database: TenantDatabase
  readonly #known = new Map<string, { readonly tenantId: string | undefined; readonly until: number }>()

  constructor(database: TenantDatabase) {
    this.#database = database
  }

  /** `host` as in the header, with or without a port. */
  async tenantOf(host: string | undefined): Promise<string | undefined> {
    const name = host?.replace(/:\d{1,5}$/, '').toLowerCase() ?? ''
    if (name === 'localhost' || isIP(name) !== 0 || !HOST_NAME.test(name)) return undefined
    const known = this.#known.get(name)
    if (known !== undefined && performance.now() < known.until) return known.tenantId
    const tenantId = await this.#find(name)
    this.#known.delete(name)
    if (this.#known.size >= MAX_REMEMBERED) {
      const [oldest] = this.#known.keys()
      this.#known.delete(oldest!)
    }
    this.#known.set(name, { tenantId, until: performance.now() + REMEMBERED_MS })
    return tenantId
  }

  async #find(name: string): Promise<string | undefined> {
    const row = await this.#database.system('identity.tenantOfHost', (trx) =>
      trx
        .selectFrom('tenant_host_names')
        .select('tenant_id')
        .where('host_name', '=', name)
        .executeTakeFirst(),
    )
    return row?.tenant_id
  }
}
