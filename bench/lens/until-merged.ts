/** Waits until the engine has joined what was inserted: a store that was filled just now answers half as fast. */
import { setTimeout as sleep } from 'node:timers/promises'
import { prove } from '../suite.ts'
import { queryEngine } from './ingest/engine-query.ts'

/** Longer than a merge takes to be chosen after the one before it. */
const quiet = 3_000
const longestWait = 300_000

/** Of the Lens that runs on `directory`. */
export async function untilMerged(directory: string): Promise<void> {
  const deadline = performance.now() + longestWait
  for (let since = performance.now(); performance.now() - since < quiet; ) {
    await sleep(500)
    const [row] = await queryEngine<{ merges: string }>(
      directory,
      'SELECT count() AS merges FROM system.merges',
    )
    if (Number(row?.merges) > 0) since = performance.now()
    prove(performance.now() < deadline, 'merges come to an end')
  }
}
