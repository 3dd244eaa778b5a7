/**
 * `npm test`: runs every test of the repository, or those whose path begins with an argument, and ends with the runner's
 * summary. It fails when a file holds no test, because tests that are not found look like tests that pass.
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { relative, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { parseArgs } from 'node:util'
import { isInside } from './check/source-tree.ts'
import { onInterruption } from './interruption.ts'

const folders = [
  'packages/*/test',
  'apps/*/test',
  'apps/lens/ui/test',
  'bench/test',
  'e2e/test',
  'scripts/test',
]

/** Above what the longest test takes, end to end with a browser, on a busy machine; below what anybody waits for. */
const testTimeoutMs = 180_000

const filters = readArguments()
const files = findFiles()
const withoutTests = new Set(files)
const stop = new AbortController()

onInterruption(
  (interruption) => {
    process.exitCode = interruption.exitCode
    stop.abort()
  },
  (interruption) => process.exit(interruption.exitCode),
)

const tests = run({
  files: [...files],
  concurrency: availableParallelism(),
  timeout: testTimeoutMs,
  signal: stop.signal,
})
tests.on('test:summary', ({ file, counts, success }) => {
  if (file !== undefined && counts.tests > 0) withoutTests.delete(file)
  if (file === undefined && !success) process.exitCode ??= 1
})
tests.compose(new spec()).pipe(process.stdout)
tests.on('end', () => {
  if (stop.signal.aborted) return
  for (const file of withoutTests) {
    process.exitCode = 1
    process.stderr.write(`test: ${relative('.', file)} holds no test\n`)
  }
})

/** Absolute, in the order of the path that data takes: what breaks below shows before what breaks because of it. */
function findFiles(): readonly string[] {
  const found = folders.flatMap((folder) => globSync(`${folder}/**/*.test.ts`).sort())
  const chosen = found.filter(
    (file) => filters.length === 0 || filters.some((filter) => isInside(file, filter)),
  )
  if (chosen.length === 0)
    refuse(filters.length === 0 ? 'there are no tests' : `no test file in ${filters.join(', ')}`)
  return chosen.map((file) => resolve(file))
}

function readArguments(): readonly string[] {
  try {
    const { positionals } = parseArgs({ allowPositionals: true })
    return positionals.map((path) => relative('.', path))
  } catch (error) {
    return refuse((error as Error).message)
  }
}

function refuse(message: string): never {
  process.stderr.write(`test: ${message}\n`)
  process.exit(2)
}
