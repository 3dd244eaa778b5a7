/**
 * How large V8 lets the old generation become, which is what an application runs out of. V8 tells the limit of the whole heap only, and the
 * young generation's share of it, up to 192 MiB, is no help to a heap that is full. Used by MemoryGuard.
 */
import { getHeapStatistics } from 'node:v8'
import { resourceLimits } from 'node:worker_threads'

const mebi = 1_048_576
/** MiB of a semi-space, by Node's major version; the young generation has three. Later ones: the largest yet, which errs on the safe side. */
const semiSpaces: Readonly<Record<number, number>> = { 22: 16, 23: 16, 24: 64, 25: 64, 26: 32 }
const largestSemiSpace = 64

/** Bytes. */
export function oldGenerationLimit(): number {
  const configured = resourceLimits.maxOldGenerationSizeMb || optionInMiB('max-old-space-size')
  if (configured) return configured * mebi
  const { heap_size_limit } = getHeapStatistics()
  const major = Number.parseInt(process.versions.node, 10)
  const semiSpace = optionInMiB('max-semi-space-size') || (semiSpaces[major] ?? largestSemiSpace)
  return Math.max(heap_size_limit - 3 * semiSpace * mebi, heap_size_limit / 2)
}

/** V8 takes underscores for hyphens, and the last of several. */
function optionInMiB(name: string): number {
  const options = [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv]
    .join(' ')
    .replaceAll('_', '-')
  const values = [...options.matchAll(new RegExp(`--${name}[= ](\\d+)`, 'g'))]
  return Number(values.at(-1)?.[1] ?? 0)
}
