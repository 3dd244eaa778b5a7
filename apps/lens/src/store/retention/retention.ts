/**
 * Keeps the store within its limits of age and size while it runs: every minute, what is beyond them is dropped, the oldest first, in whole
 * parts, which costs no more than removing files. Several Lens on one store may do so at once: dropping what is gone is no error that counts.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { singleServer } from '../schema/dialect.ts'
import type { Store } from '../store.ts'
import { type Choice, choosePieces, type Piece } from './choose-pieces.ts'
import { derivedTables, recordTables } from './retained-tables.ts'

export interface RetentionOptions {
  /** Since a row arrived, whatever time its sender claims. */
  readonly retentionDays: number | undefined
  /** On disk, of all tables; on a cluster, of its fullest server. */
  readonly retentionBytes: number | undefined
}

const interval = 60_000
const secondsOfDay = 86_400
/** Of a part, where the limit of size does not ask for smaller ones. */
const largestPart = 1024 ** 3
/** A part is at most this share of the limit of size, so that what is dropped at once is no more. */
const partsOfLimit = 16
const smallestPart = 16 * 1024 ** 2

export class Retention {
  readonly #store: Store
  readonly #log: Logger
  readonly #options: RetentionOptions
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #complaint = ''

  private constructor(store: Store, options: RetentionOptions, log: Logger) {
    this.#store = store
    this.#options = options
    this.#log = log
    this.#running = this.#run()
  }

  /** Undefined when there is nothing to limit. */
  static start(store: Store, options: RetentionOptions, log: Logger): Retention | undefined {
    const { retentionDays, retentionBytes } = options
    if (retentionDays === undefined && retentionBytes === undefined) return undefined
    return new Retention(store, options, log)
  }

  /** Resolves when a round that is under way has ended. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    let prepared = false
    while (!signal.aborted) {
      try {
        if (!prepared) await boundParts(this.#store, this.#options)
        prepared = true
        const outcome = await applyRetention(this.#store, this.#options, Date.now(), this.#log)
        this.#complain(outcome.excess)
      } catch (error) {
        this.#log.warn({ err: error }, 'retention could not be applied; it is tried again in a minute')
      }
      await sleep(interval, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** Once, as long as it stays so. */
  #complain(excess: number): void {
    const complaint = excess === 0 ? '' : 'the newest data alone exceed LENS_RETENTION_SIZE'
    if (complaint !== '' && complaint !== this.#complaint) this.#log.warn({ excess }, complaint)
    this.#complaint = complaint
  }
}

/** One round. Exported for tests: the task is this and a clock. */
export async function applyRetention(
  store: Store,
  { retentionDays, retentionBytes }: RetentionOptions,
  nowMs: number,
  log: Logger,
): Promise<Choice> {
  const pieces = await listPieces(store)
  const isRecord = ({ table }: Piece) => (recordTables as readonly string[]).includes(table)
  const records = pieces.filter(isRecord)
  const choice = choosePieces(records, bytesByServer(pieces.filter((piece) => !isRecord(piece))), {
    since: retentionDays === undefined ? undefined : Math.floor(nowMs / 1000) - retentionDays * secondsOfDay,
    bytes: retentionBytes,
  })
  const dropped = new Set<Piece>()
  for (const [reason, chosen] of [
    ['age', choice.tooOld],
    ['size', choice.tooMuch],
  ] as const) {
    for (const piece of chosen) {
      if (!(await drop(store, piece, log))) continue
      dropped.add(piece)
      const { table, rows, newest, bytes } = piece
      const size = Math.max(0, ...bytes.values())
      const until = new Date(newest * 1000).toISOString()
      log.info({ table, rows, bytes: size, until, limit: reason }, 'dropped by retention')
    }
  }
  const kept = records.filter((piece) => !dropped.has(piece))
  if (dropped.size > 0) await forgetDerived(store, pieces, oldestOf(kept, nowMs), log)
  return choice
}

/** What is derived from records that have gone. Whole pieces where that will do, else by rewriting what is small. */
async function forgetDerived(
  store: Store,
  pieces: readonly Piece[],
  oldestKept: number,
  log: Logger,
): Promise<void> {
  for (const table of derivedTables) {
    const stale = pieces.filter((piece) => piece.table === table && piece.oldest < oldestKept)
    const [whole, partly] = [
      stale.filter(({ newest }) => newest < oldestKept),
      stale.filter(({ newest }) => newest >= oldestKept),
    ]
    for (const piece of whole) await drop(store, piece, log)
    if (partly.length === 0) continue
    for (const statement of store.schema.alterStorage(
      table,
      `DELETE WHERE received < toDateTime(${oldestKept}, 'UTC')`,
    )) {
      await store.engine.command(statement)
    }
  }
}

function oldestOf(pieces: readonly Piece[], nowMs: number): number {
  return pieces.reduce((oldest, piece) => Math.min(oldest, piece.oldest), Math.floor(nowMs / 1000))
}

/** False when it is being merged, or somebody else has dropped it: it is looked for again in the next round. */
async function drop({ engine, schema }: Store, { table, name }: Piece, log: Logger): Promise<boolean> {
  const what = dropsParts({ schema }) ? 'PART' : 'PARTITION ID'
  try {
    // The name is the engine's own.
    for (const statement of schema.alterStorage(table, `DROP ${what} '${name.replaceAll(/[^\w-]/g, '')}'`)) {
      await engine.command(statement)
    }
    return true
  } catch (error) {
    log.debug({ err: error, table, name }, 'not dropped')
    return false
  }
}

/** A part lies on one server, and on a cluster no statement reaches the right one: there, whole days are dropped, everywhere. */
function dropsParts({ schema }: Pick<Store, 'schema'>): boolean {
  return schema === singleServer
}

interface PieceRow {
  readonly server: string
  readonly table: string
  readonly name: string
  readonly rows: string
  readonly oldest: number
  readonly newest: number
  readonly bytes: string
}

async function listPieces(store: Store): Promise<readonly Piece[]> {
  const { engine, schema } = store
  const tables = [...recordTables, ...derivedTables]
  const nameOf = new Map(tables.map((table) => [schema.stored(table), table]))
  const { rows } = await engine.query<PieceRow>(
    `SELECT hostName() AS server, table, ${dropsParts(store) ? 'name' : 'partition_id'} AS name, sum(parts.rows) AS rows,
       toUnixTimestamp(min(min_time)) AS oldest, toUnixTimestamp(max(max_time)) AS newest, sum(bytes_on_disk) AS bytes
     FROM ${schema.everywhere('parts')} AS parts
     WHERE active AND database = currentDatabase() AND table IN {tables:Array(String)} AND parts.rows > 0
     GROUP BY server, table, name`,
    { tables: [...nameOf.keys()] },
  )
  return [...Map.groupBy(rows, ({ table, name }) => `${table} ${name}`).values()].map((places) => {
    const [{ table, name }] = places as [PieceRow]
    return {
      table: nameOf.get(table) ?? table,
      name,
      rows: Math.max(...places.map((place) => Number(place.rows))),
      oldest: Math.min(...places.map((place) => place.oldest)),
      newest: Math.max(...places.map((place) => place.newest)),
      bytes: new Map(places.map((place) => [place.server, Number(place.bytes)])),
    }
  })
}

function bytesByServer(pieces: readonly Piece[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const { bytes } of pieces) {
    for (const [server, size] of bytes) sums.set(server, (sums.get(server) ?? 0) + size)
  }
  return sums
}

/** A part that merges made must be a small share of what may be kept. Larger ones of an earlier configuration go as a whole. */
async function boundParts({ engine, schema }: Store, { retentionBytes }: RetentionOptions): Promise<void> {
  const share = Math.max(
    smallestPart,
    Math.floor((retentionBytes ?? Number.POSITIVE_INFINITY) / partsOfLimit),
  )
  const setting = `MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = ${Math.min(largestPart, share)}`
  for (const statement of schema.alterStorage('spans', setting)) await engine.command(statement)
}
