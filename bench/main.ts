/** `npm run bench`: runs the suites that are named, or all, and prints their tables. It writes nothing; a failed proof of work ends it. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { burst } from './burst.ts'
import { features } from './features.ts'
import { http } from './http.ts'
import { lensIngest } from './lens-ingest.ts'
import { lensMixed } from './lens-mixed.ts'
import { lensQuery } from './lens-query.ts'
import { lensStart } from './lens-start.ts'
import { lensUi } from './lens-ui.ts'
import { load } from './load.ts'
import { describeMachine } from './report/machine.ts'
import { server } from './server.ts'
import { spanCpu } from './span-cpu.ts'
import { type BenchOptions, ProofError, type Suite } from './suite.ts'

const suites: readonly Suite[] = [
  spanCpu,
  burst,
  features,
  load,
  http,
  server,
  lensIngest,
  lensQuery,
  lensMixed,
  lensStart,
  lensUi,
]

const help = `npm run bench [-- [suite…] [--quick] [--rounds N] [--profile DIRECTORY] [--store DIRECTORY]]

${suites.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')}

  --quick               fewer, shorter runs: some minutes for everything; rough figures
  --rounds N            this many runs of each contender
  --profile DIRECTORY   write a CPU profile of every measured process; slower, so no results
  --store DIRECTORY     where lens-query and lens-start find or make their store; kept for the next run`

const { options, chosen } = readArguments()
console.log(describeMachine())
try {
  for (const suite of chosen) await suite.run(options)
} catch (error) {
  console.error(error instanceof ProofError ? `bench: ${error.message}` : error)
  process.exitCode = 1
}

function readArguments(): { options: BenchOptions; chosen: readonly Suite[] } {
  try {
    const { values, positionals } = parseArgs({
      options: {
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        profile: { type: 'string' },
        store: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    })
    if (values.help) {
      console.log(help)
      process.exit(0)
    }
    const names = suites.map(({ name }) => name)
    const unknown = positionals.find((name) => !names.includes(name))
    if (unknown !== undefined) throw new Error(`unknown suite '${unknown}': one of ${names.join(', ')}`)
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
      throw new Error(`--rounds must be a whole number from 1, not '${values.rounds}'`)
    }
    return {
      options: {
        quick: values.quick ?? false,
        rounds,
        profileTo: values.profile === undefined ? undefined : resolve(values.profile),
        store: values.store === undefined ? undefined : resolve(values.store),
      },
      chosen: positionals.length === 0 ? suites : suites.filter(({ name }) => positionals.includes(name)),
    }
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`)
    process.exit(2)
  }
}
