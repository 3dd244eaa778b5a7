/** How statements get to an engine and answers back: over its socket to the embedded one, with ClickHouse's own client to a server. */

import type { QueryParameters } from './engine.ts'

export interface Statement {
  readonly text: string
  readonly parameters: QueryParameters
  readonly settings: Readonly<Record<string, string | number>>
  /** Aborting it stops the statement in the engine. */
  readonly signal?: AbortSignal | undefined
}

/** Rejects with ClickHouseError for what the engine refuses, and with what Node.js says of connections. */
export interface Transport {
  /** The answer in ClickHouse's format JSON. */
  json(statement: Statement): Promise<unknown>

  /** The answer in the format Native, complete: what fails on its way rejects. */
  native(statement: Statement): Promise<Uint8Array>

  /** Without an answer. */
  command(statement: Statement): Promise<void>

  /** `into` is `INSERT INTO … (…)`. Resolves after the rows are on disk. */
  insert(into: string, chunks: readonly Uint8Array[], settings: Statement['settings']): Promise<void>

  ping(): Promise<boolean>

  close(): Promise<void>
}
