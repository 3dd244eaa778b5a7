/**
 * What the two databases have in common, below Kysely: statements and transactions for a scope, and what operations ask (is it there,
 * how full is its pool). `pglite-engine.ts` and `postgres-engine.ts` implement it, `scoped-database.ts` builds queries on it.
 */
import type { CompiledQuery, DatabaseConnection, Dialect, QueryResult } from 'kysely'
import type { Listening } from './postgres-notices.ts'
import type { Scope } from './scope.ts'

export interface Engine {
  readonly name: 'pglite' | 'postgres'
  /** For the owner's Kysely, which migrates; the application's own queries go through the methods below. */
  readonly dialect: Dialect
  /** One statement in a read-only transaction of its own. */
  once(scope: Scope, statement: CompiledQuery): Promise<QueryResult<unknown>>
  /** Commits what `work` did when it resolves, rolls back when it rejects. The connection is of no use to anybody afterwards. */
  transaction<T>(scope: Scope, work: (connection: DatabaseConnection) => Promise<T>): Promise<T>
  /** Leaves no spans. */
  ping(): Promise<void>
  pool(): PoolState
  /** Calls back at each NOTIFY on `channel`, and whenever some may have been missed. Leaves no spans. */
  listen(channel: string, onNotice: () => void): Listening
  close(): Promise<void>
}

export interface PoolState {
  readonly max: number
  /** Connections that are open, in use or not. */
  readonly open: number
  readonly idle: number
  /** Callers that wait for a connection. */
  readonly waiting: number
}
