/**
 * `npm run check`: everything that reads the sources without running them. All steps run at once and every failure is
 * shown, so that one run tells all there is to mend.
 */
import { styleText } from 'node:util'
import { readArguments, refuse } from './arguments.ts'
import { checkDocs } from './check/docs.ts'
import { checkEnvironment } from './check/environment.ts'
import { checkImports } from './check/import-rules.ts'
import { checkLock } from './check/lock.ts'
import { runTool } from './check/run-tool.ts'
import { readSourceTree } from './check/source-tree.ts'
import type { Step, StepResult } from './check/step.ts'

const command = 'npm run check'
const tree = readSourceTree()
const biome = ['check', '--error-on-warnings']

const steps: readonly Step[] = [
  { name: 'types', run: () => runTool('tsc', ['-p', 'tsconfig.json']) },
  { name: 'ui-types', run: () => runTool('tsc', ['-p', 'apps/lens/ui/tsconfig.json']) },
  { name: 'style', run: () => runTool('biome', biome) },
  { name: 'imports', run: async () => checkImports(tree) },
  { name: 'unused', run: () => runTool('knip', ['--no-progress', '--treat-config-hints-as-errors']) },
  { name: 'docs', run: async () => checkDocs(tree) },
  { name: 'lock', run: async () => checkLock(tree) },
  { name: 'environment', run: async () => checkEnvironment(tree) },
]

const stepNames = steps.map(({ name }) => name).join(', ')
const help = `npm run check [-- [step…] [--fix]]

  step     one or more of: ${stepNames}; all of them otherwise
  --fix    first write what can be mended by itself: format, import order, safe lint fixes`

const { values: flags, positionals } = readArguments(command, help, {
  options: { fix: { type: 'boolean' } },
  allowPositionals: true,
})
const chosen = chooseSteps(positionals)
if (flags.fix) await runTool('biome', [...biome, '--write'])
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

function chooseSteps(names: readonly string[]): readonly Step[] {
  const unknown = names.find((name) => !steps.some((step) => step.name === name))
  if (unknown !== undefined) refuse(command, `there is no step '${unknown}': it is one of ${stepNames}`)
  return names.length === 0 ? steps : steps.filter(({ name }) => names.includes(name))
}
