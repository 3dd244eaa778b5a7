/**
 * `npm test`: the checks, then every test of the repository, closing with the runner's summary. With paths, only the tests below
 * them. It fails when a file holds no test, because tests that are not found look like tests that pass.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { readArguments, refuse } from './arguments.ts'
import { isInside } from './check/source-tree.ts'
import { onInterruption } from './interruption.ts'

const help = `npm test [-- path… [--no-check]]

  path         run only the tests in these files and folders, without the checks
  --no-check   run all tests, without the checks

The checks alone: npm run check. The tests across all parts: npm run e2e.`

const folders = [
  'packages/*/test',
  'apps/*/test',
  'apps/lens/ui/test',
  'bench/test',
  'e2e/test',
  'examples/test',
  'scripts/test',
]

/** Above what the longest test takes, end to end with a browser, on a busy machine; below what anybody waits for. */
const testTimeoutMs = 180_000

// The tests start some thousand processes, most of them of the same modules. Whoever wants another folder, or none, says so.
process.env.NODE_COMPILE_CACHE ??= resolve('.cache/compiled')

const { values: flags, positionals } = readArguments('npm test', help, {
  options: { check: { type: 'boolean', default: true } },
  allowNegative: true,
  allowPositionals: true,
})
const files = findFiles(positionals.map((path) => relative('.', path)))

const stop = new AbortController()
onInterruption(
  ({ exitCode }) => {
    process.exitCode = exitCode
    stop.abort()
  },
  ({ exitCode }) => process.exit(exitCode),
)

const checked = positionals.length > 0 || !flags.check || (await check())
if (!stop.signal.aborted) runTests()

/** Absolute, in the order of the path that data takes: what breaks below shows before what breaks because of it. */
function findFiles(filters: readonly string[]): readonly string[] {
  const found = folders.flatMap((folder) => globSync(`${folder}/**/*.test.ts`).sort())
  const chosen = found.filter(
    (file) => filters.length === 0 || filters.some((filter) => isInside(file, filter)),
  )
  if (chosen.length === 0) {
    refuse('npm test', filters.length === 0 ? 'there are no tests' : `no test file in ${filters.join(', ')}`)
  }
  return chosen.map((file) => resolve(file))
}

/** The tests run even when a check fails, so that one run tells all there is to mend. */
async function check(): Promise<boolean> {
  const script = join(import.meta.dirname, 'check.ts')
  const checks = spawn(process.execPath, [script], { stdio: 'inherit', signal: stop.signal })
  checks.on('error', () => {})
  const [code] = await once(checks, 'close')
  process.stdout.write('\n')
  return code === 0
}

function runTests(): void {
  const withoutTests = new Set(files)
  // Many a test waits for a disk or for a process meanwhile.
  const concurrency = availableParallelism() + 1
  const tests = run({ files: [...files], concurrency, timeout: testTimeoutMs, signal: stop.signal })
  tests.on('test:summary', ({ file, counts, success }) => {
    if (file !== undefined && counts.tests > 0) withoutTests.delete(file)
    if (file === undefined && !success) process.exitCode ??= 1
  })
  tests.compose(new spec()).pipe(process.stdout)
  tests.on('end', () => {
    if (stop.signal.aborted) return
    for (const file of withoutTests) fail(`${relative('.', file)} holds no test`)
    if (!checked) fail('the checks failed: see above, or npm run check')
  })
}

function fail(message: string): void {
  process.exitCode = 1
  process.stderr.write(`npm test: ${message}\n`)
}
