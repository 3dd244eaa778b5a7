/**
 * What it costs to load a tracing library and start it: time, CPU and memory of an empty application, beside the same without. Each run is a
 * process of its own, taken in turns. Ours is the package as it is published.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { ddTrace } from './http/dd-trace.ts'
import { bare, type Mode, official, ours } from './http/modes.ts'
import { type InstalledPackages, installPublished } from './load/install-published.ts'
import { withRange } from './report/format.ts'
import { spreadOf } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import { prove, type Suite } from './suite.ts'

const measures = ['elapsedMs', 'cpuMs', 'residentMb', 'heapMb'] as const
type Run = Readonly<Record<(typeof measures)[number], number>> & { readonly started: boolean }

interface Contender {
  readonly label: string
  readonly register: string | undefined
  /** Whether it starts tracing. */
  readonly starts: boolean
  readonly env: Readonly<Record<string, string>>
  readonly runs: Run[]
}

const rounds = { full: 15, quick: 3 }
/** Nobody listens: nothing is sent, as nothing is traced. */
const unusedPort = 9

export const load: Suite = {
  name: 'load',
  summary:
    'what loading and starting costs: time, CPU and memory; ours as published, the official SDK, dd-trace',
  async run(options) {
    const project = installPublished()
    try {
      ddTrace.prepare?.()
      const contenders = contendersIn(project)
      const report = join(project.folder, 'report.mjs')
      copyFileSync(join(import.meta.dirname, 'load', 'report.mjs'), report)
      const count = options.rounds ?? (options.quick ? rounds.quick : rounds.full)
      for (const contender of contenders) measure(contender, report) // The files are in the system's cache from here on.
      for (let round = 0; round < count; round++) {
        for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
          contender.runs.push(measure(contender, report))
        }
      }
      const [without] = contenders
      const title = 'until the application begins, above the same without tracing'
      console.log(
        `\nloading and starting, ${title}; ${count} runs each, median (range)\n\n${formatTable(columns(without!), contenders)}`,
      )
    } finally {
      project.remove()
    }
  },
}

function contendersIn({ folder }: InstalledPackages): readonly Contender[] {
  const installed = (specifier: string) => join(folder, 'node_modules', specifier)
  const of = ({ label, environment }: Mode, register: string | undefined): Contender => {
    return { label, register, starts: true, env: environment(unusedPort), runs: [] }
  }
  return [
    { ...of(bare, undefined), starts: false },
    {
      ...of(bare, installed('@opentelemetry/api/dist/index.mjs')),
      label: '@opentelemetry/api alone',
      starts: false,
    },
    of(ours, installed('@rustok/telemetry/dist/register.js')),
    of(official, official.register),
    of(ddTrace, ddTrace.register),
  ]
}

function measure({ label, register, starts, env }: Contender, report: string): Run {
  const args = ['--expose-gc', ...(register === undefined ? [] : ['--import', register]), report]
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|DD_|NODE_OPTIONS)/.test(name))
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...Object.fromEntries(inherited), ...env },
  })
  const found = /\{"elapsedMs".*\}/.exec(stdout)?.[0]
  prove(found !== undefined, `${label}: the application did not begin: ${stderr}`)
  const run = JSON.parse(found) as Run
  prove(run.started === starts, `${label}: tracing ${run.started ? 'was' : 'was not'} started`)
  return run
}

function columns(without: Contender): readonly Column<Contender>[] {
  const titles = {
    elapsedMs: 'ms',
    cpuMs: 'ms of CPU',
    residentMb: 'MB resident',
    heapMb: 'MB of heap',
  } as const
  const added = measures.map((name): Column<Contender> => {
    const base = spreadOf(without.runs.map((run) => run[name])).median
    return {
      title: titles[name],
      cell: (contender) => {
        const values = contender.runs.map((run) => run[name] - (contender === without ? 0 : base))
        return `${contender === without ? '' : '+'}${withRange(spreadOf(values))}`
      },
    }
  })
  return [{ title: 'contender', align: 'left', cell: ({ label }) => label }, ...added]
}
