/**
 * Has merges take the processor time that inserts and queries leave. Merging a span costs the engine three times what inserting it does, and
 * nobody waits for it; with 1,000 parts in a partition the engine slows inserts down by itself. The engine's own settings for this
 * (os_threads_nice_value_*) raise a thread's priority again after its work, which only CAP_SYS_NICE may: for everybody else the engine ends there.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** As the engine names the threads of its pool for merges. */
const mergeThread = 'MergeMutate'
/** Of a processor that others want, too, a tenth. With 19 it would be a hundredth, and parts would pile up under a long load. */
const niceness = 10

/** The engine makes its pool with the first table, all threads of it at once. */
const look = 1_000

/** To be called when the engine is open. Elsewhere than on Linux a thread has no priority of its own, and this does nothing. */
export function lowerMergePriority(): void {
  if (process.platform !== 'linux') return
  if (!lowerThoseThatThereAre()) setTimeout(lowerMergePriority, look).unref()
}

/** False when there are no such threads yet. */
function lowerThoseThatThereAre(): boolean {
  let found = false
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() !== mergeThread) continue
      found = true
      // On Linux a priority is a thread's, and its id will do for a process's.
      setPriority(Number(thread), niceness)
    } catch {
      // A thread that ended meanwhile, or a sandbox that forbids it: merges then run as the engine would have them.
    }
  }
  return found
}
