/**
 * Lets one Lens at a time bring a shared store's schema up to date, with nothing but the store to agree by. A turn is taken by inserting a row under
 * a token that names its number: the engine drops every later insert with that token (by Keeper on a cluster), and whoever finds its own row has the turn.
 *
 *   turn 1  taken by A ── renewed ── renewed ── released
 *   turn 2                                      taken by B ── (killed) ┄┄ lease over
 *   turn 3                                                                taken by C ──
 */

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreEngine } from '../engine.ts'
import type { SchemaDialect } from './dialect.ts'

/** A turn whose holder is not heard of for so long is over. By the server's clock alone. */
const leaseSeconds = 60
const renewalPause = 15_000
const pollPause = 250

const columns = `turn UInt64, holder String, event LowCardinality(String), at DateTime64(3, 'UTC')`

/**
 * A majority of replicas has the row before the insert returns, and a read sees all of those, whichever server answers. Where there are no
 * replicas the settings say nothing.
 */
export const durably = `insert_quorum = 'auto', insert_quorum_parallel = 0, async_insert = 0`
export const consistently = 'SETTINGS select_sequential_consistency = 1'

interface Turn {
  readonly turn: string
  readonly holder: string
  readonly isOver: number
}

/** Runs `work` when it is our turn. `onWait` is told once, when another has it. */
export async function takeTurn<Result>(
  engine: StoreEngine,
  schema: SchemaDialect,
  onWait: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  for (const statement of schema.sharedTable({ name: 'migration_turns', columns, orderBy: '(turn, at)' })) {
    await engine.command(statement)
  }
  const holder = randomUUID()
  const turn = await acquire(engine, holder, onWait)
  const renewals = new AbortController()
  const renewing = renew(engine, turn, holder, renewals.signal)
  try {
    return await work()
  } finally {
    renewals.abort()
    await renewing
    await record(engine, turn, holder, 'released')
  }
}

async function acquire(engine: StoreEngine, holder: string, onWait: () => void): Promise<bigint> {
  let waited = false
  for (;;) {
    const last = await latest(engine)
    if (last === undefined || last.isOver === 1) {
      const turn = BigInt(last?.turn ?? 0) + 1n
      await record(engine, turn, holder, 'taken', `turn-${turn}`)
      if ((await latest(engine))?.holder === holder) return turn
    }
    if (!waited) onWait()
    waited = true
    await sleep(pollPause)
  }
}

async function latest(engine: StoreEngine): Promise<Turn | undefined> {
  const { rows } = await engine.query<Turn>(
    `SELECT toString(turn) AS turn, argMin(holder, at) AS holder,
       (countIf(event = 'released') > 0 OR max(at) < now64(3) - INTERVAL {lease:UInt32} SECOND) AS isOver
     FROM migration_turns GROUP BY migration_turns.turn ORDER BY migration_turns.turn DESC LIMIT 1 ${consistently}`,
    { lease: leaseSeconds },
  )
  return rows[0]
}

/** A renewal that fails is tried again; a holder that cannot renew cannot write either. */
async function renew(engine: StoreEngine, turn: bigint, holder: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await sleep(renewalPause, undefined, { signal })
    } catch {
      return
    }
    await record(engine, turn, holder, 'renewed').catch(() => {})
  }
}

async function record(
  engine: StoreEngine,
  turn: bigint,
  holder: string,
  event: 'taken' | 'renewed' | 'released',
  token: string = randomUUID(),
): Promise<void> {
  await engine.command(
    `INSERT INTO migration_turns (turn, holder, event, at) SETTINGS ${durably}, insert_deduplication_token = '${token}'
     VALUES ({turn:UInt64}, {holder:String}, {event:String}, now64(3))`,
    { turn, holder, event },
  )
}
