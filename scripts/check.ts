/**
 * `npm run check`: everything that reads the sources without running them. All steps run at once and every failure is
 * shown, so that one run tells all there is to mend.
 */
import { parseArgs, styleText } from 'node:util'
import { checkDocs } from './check/docs.ts'
import { checkEnvironment } from './check/environment.ts'
import { checkImports } from './check/import-rules.ts'
import { runTool } from './check/run-tool.ts'
import { readSourceTree } from './check/source-tree.ts'
import type { Step, StepResult } from './check/step.ts'

const tree = readSourceTree()
const biome = ['check', '--error-on-warnings']

const steps: readonly Step[] = [
  { name: 'types', run: () => runTool('tsc', ['-p', 'tsconfig.json']) },
  { name: 'ui-types', run: () => runTool('tsc', ['-p', 'apps/lens/ui/tsconfig.json']) },
  { name: 'style', run: () => runTool('biome', biome) },
  { name: 'imports', run: async () => checkImports(tree) },
  { name: 'unused', run: () => runTool('knip', ['--no-progress', '--treat-config-hints-as-errors']) },
  { name: 'docs', run: async () => checkDocs(tree) },
  { name: 'environment', run: async () => checkEnvironment(tree) },
]

const stepNames = steps.map(({ name }) => name).join(', ')
const help = `npm run check [-- [step…] [--fix]]

  step     one or more of: ${stepNames}; all of them otherwise
  --fix    first write what can be mended by itself: format, import order, safe lint fixes`

const { fix, chosen } = readArguments()
if (fix) await runTool('biome', [...biome, '--write'])
const reports = await Promise.all(chosen.map(report))
const failed = reports.filter(({ result }) => !result.passed)
for (const { name, result } of failed) console.log(`\n${styleText('bold', name)}\n${result.output}`)
if (failed.length > 0) {
  console.log(
    `\n${failed.length} of ${chosen.length} checks failed: ${failed.map(({ name }) => name).join(', ')}`,
  )
  process.exitCode = 1
}

async function report({ name, run }: Step): Promise<{ name: string; result: StepResult }> {
  const begin = performance.now()
  const result = await run()
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  const mark = result.passed ? styleText('green', '✔') : styleText('red', '✘')
  console.log(`${mark} ${name.padEnd(12)} ${seconds.padStart(5)} s`)
  return { name, result }
}

function readArguments(): { fix: boolean; chosen: readonly Step[] } {
  const options = { fix: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    if (values.help) {
      console.log(help)
      process.exit(0)
    }
    const unknown = positionals.find((name) => !steps.some((step) => step.name === name))
    if (unknown !== undefined) throw new Error(`Unknown step '${unknown}': one of ${stepNames}`)
    const chosen = positionals.length === 0 ? steps : steps.filter(({ name }) => positionals.includes(name))
    return { fix: values.fix ?? false, chosen }
  } catch (error) {
    console.error(`check: ${(error as Error).message}`)
    process.exit(2)
  }
}
