/** What a server and a worker need to be ready, and what their events need; each may be missing on its own. */
import { sql } from 'kysely'
import { migrationNames } from '../db/migrate.ts'
import type { OpenDatabase } from '../db/open-database.ts'
import type { TenantDatabase } from '../db/tenant-database.ts'
import { errorCode } from '../errors.ts'
import type { Events } from '../events/events.ts'
import { untraced } from '../events/messaging-spans.ts'
import type { Check, Finding } from './check.ts'

/** An event that waits longer for the bus is late. The alert `RustokOutboxLag` has the same bound. */
const OUTBOX_LAG_LIMIT_S = 60

export function readinessChecks(
  database: Pick<OpenDatabase, 'ping'>,
  tenants: TenantDatabase,
  events: Events,
): Readonly<Record<string, Check>> {
  return {
    database: databaseCheck(database),
    migrations: migrationsCheck(tenants),
    bus: busCheck(events),
    outbox: outboxCheck(tenants),
  }
}

const NOT_SEEN: Finding = {
  status: 'unknown',
  detail: 'The database does not tell',
}

function databaseCheck(database: Pick<OpenDatabase, 'ping'>): Check {
  return {
    async look() {
      await database.ping()
      return { status: 'ok' }
    },
    blind: { status: 'failed', detail: 'The database does not answer' },
  }
}

/** Of a table that is not there, or not for us to see: grants come with migration 0015. */
const OLDER = new Set(['42P01', '42501'])

function migrationsCheck(tenants: TenantDatabase): Check {
  return {
    look: () =>
      untraced(async (): Promise<Finding> => {
        try {
          const { rows } = await tenants.system('readiness', (trx) =>
            sql<{ name: string }>`select name from kysely_migration`.execute(trx),
          )
          return migrationsFinding(rows.map(({ name }) => name))
        } catch (error) {
          if (!OLDER.has(errorCode(error) ?? '')) throw error
          return { status: 'failed', detail: 'The database is older than this version, or empty' }
        }
      }),
    blind: NOT_SEEN,
  }
}

/** During a roll-out, servers of before work on a database of after: migrations leave them what they need. */
export function migrationsFinding(
  applied: readonly string[],
  known: readonly string[] = migrationNames(),
): Finding {
  const pending = known.filter((name) => !applied.includes(name)).toSorted()
  const newer = applied.filter((name) => !known.includes(name)).toSorted()
  if (pending.length > 0) {
    return {
      status: 'failed',
      detail: `The database lacks ${counted(pending.length)}`,
      pending,
      ...(newer.length > 0 && { newer }),
    }
  }
  if (newer.length === 0) return { status: 'ok' }
  return {
    status: 'degraded',
    detail: `The database is newer than this version: it has ${counted(newer.length)} more`,
    newer,
  }
}

function counted(migrations: number): string {
  return `${migrations} ${migrations === 1 ? 'migration' : 'migrations'}`
}

/** Requests are served without it; no other process would be any nearer to it. */
function busCheck(events: Events): Check {
  return {
    async look() {
      const { bus, state } = await events.bus()
      if (state === 'elsewhere') return { status: 'ok', bus, detail: 'Events are left to workers' }
      if (state === 'moving') return { status: 'ok', bus }
      const detail =
        bus === 'nats' ? 'NATS takes no events, they wait in the outbox' : 'Events wait in the outbox'
      return { status: 'degraded', bus, detail }
    },
    blind: { status: 'degraded', detail: 'The bus does not answer, events wait in the outbox' },
  }
}

function outboxCheck(tenants: TenantDatabase): Check {
  return {
    look: () =>
      untraced(async () => {
        const { rows } = await tenants.system('readiness', (trx) =>
          // The first in the order of the index of those that wait is the oldest, but for a moment.
          sql<{ lag: number }>`select extract(epoch from clock_timestamp() - created_at)::float8 as lag
            from outbox where published_at is null order by position limit 1`.execute(trx),
        )
        return outboxFinding(rows[0]?.lag ?? 0)
      }),
    blind: NOT_SEEN,
  }
}

export function outboxFinding(lag: number): Finding {
  const lagSeconds = Math.max(0, Math.round(lag * 10) / 10)
  if (lagSeconds <= OUTBOX_LAG_LIMIT_S) return { status: 'ok', lagSeconds }
  return { status: 'degraded', detail: `Events have waited for over ${OUTBOX_LAG_LIMIT_S} s`, lagSeconds }
}
