/**
 * The same applications bare, with ours, with the official SDK and with dd-trace: throughput, latency, CPU and memory, and whether the spans arrived.
 * Each run is a fresh server process; the modes take turns, so that what else the machine does hits all alike.
 */
import { Child } from './child/child.ts'
import type { LoadCalls } from './http/load.ts'
import { type Durations, type HttpRun, measure } from './http/measure.ts'
import { proveWork, type SpanCount } from './http/prove-work.ts'
import { type Scenario, type ScenarioMode, scenarios } from './http/scenarios.ts'
import { grouped, percentRange, significant, withRange } from './report/format.ts'
import { ratioOf, type Spread, spreadOf } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import type { SinkCalls } from './sink/sink.ts'
import type { BenchOptions, Suite } from './suite.ts'

const full = { rounds: 5, durations: { warmUp: 3000, load: 5000 } } as const
const quick = { rounds: 1, durations: { warmUp: 700, load: 1000 } } as const

export const http: Suite = {
  name: 'http',
  summary: 'throughput, latency, CPU and memory of a server: bare, with ours, the official SDK and dd-trace',
  async run(options) {
    const load = await Child.start<LoadCalls>(new URL('./http/load.ts', import.meta.url))
    const sink = await Child.start<SinkCalls>(new URL('./sink/sink.ts', import.meta.url))
    try {
      for (const scenario of scenarios) await runScenario(scenario, load, sink, options)
    } finally {
      await load.terminate()
      await sink.terminate()
    }
  },
}

async function runScenario(
  scenario: Scenario,
  load: Child<LoadCalls>,
  sink: Child<SinkCalls>,
  options: BenchOptions,
): Promise<void> {
  const { rounds: defaultRounds, durations } = options.quick ? quick : full
  const rounds = options.rounds ?? defaultRounds
  for (const { mode } of scenario.modes) mode.prepare?.()
  // Nothing is timed yet, so the modes may run at once.
  const series: readonly Series[] = await Promise.all(
    scenario.modes.map(async (entry) => ({
      entry,
      spans: await proveWork(scenario, entry, load, sink),
      runs: [],
    })),
  )
  for (let round = 0; round < rounds; round++) {
    // Every other round goes backwards, so that nobody always follows the same neighbour.
    for (const { entry, spans, runs } of round % 2 === 0 ? series : series.toReversed()) {
      const tools = { load, sink, profileTo: options.profileTo }
      runs.push(await measure(scenario, entry.mode, spans, durations, tools))
    }
  }
  console.log(`\n${describe(scenario, rounds, durations)}\n\n${report(series)}`)
}

interface Series {
  readonly entry: ScenarioMode
  readonly spans: SpanCount
  readonly runs: HttpRun[]
}

interface Row {
  readonly series: Series
  readonly base: readonly HttpRun[]
}

function describe({ title }: Scenario, rounds: number, { load }: Durations): string {
  return `${title}; ${rounds} ${rounds === 1 ? 'run' : 'runs'} of ${load / 1000} s each, median (range)`
}

const mebibyte = 2 ** 20

const columns: readonly Column<Row>[] = [
  { title: 'mode', align: 'left', cell: ({ series }) => series.entry.mode.label },
  {
    title: 'req/s',
    cell: ({ series }) => grouped(spread(series.runs, (run) => run.requestsPerSecond).median),
  },
  { title: 'kept', cell: (row) => percentRange(ratio(row, (run) => run.requestsPerSecond)) },
  { title: 'p50, bare = 1', cell: (row) => withRange(ratio(row, (run) => run.p50)) },
  { title: 'p99, bare = 1', cell: (row) => withRange(ratio(row, (run) => run.p99)) },
  {
    title: 'CPU µs/req',
    cell: ({ series }) => significant(spread(series.runs, (run) => run.cpuMicrosPerRequest).median),
  },
  { title: 'CPU, bare = 1', cell: (row) => withRange(ratio(row, (run) => run.cpuMicrosPerRequest)) },
  { title: 'MB added at start', cell: (row) => mebibytesAdded(row, (run) => run.bytesAtStart) },
  { title: 'loaded', cell: (row) => mebibytesAdded(row, (run) => run.bytesLoaded) },
  { title: 'spans/req', cell: ({ series }) => String(series.spans.perRequest) },
  { title: 'spans arrived', cell: ({ series }) => arrivals(series) },
  {
    title: 'cores: server, client, sink',
    cell: ({ series: { runs } }) =>
      [
        spread(runs, (run) => run.serverCores),
        spread(runs, (run) => run.clientCores),
        spread(runs, (run) => run.sinkCores),
      ]
        .map(({ median }) => median.toFixed(2))
        .join(', '),
  },
]

function report(series: readonly Series[]): string {
  const base = series[0]?.runs ?? []
  return formatTable(
    columns,
    series.map((one) => ({ series: one, base })),
  )
}

function spread(runs: readonly HttpRun[], read: (run: HttpRun) => number): Spread {
  return spreadOf(runs.map(read))
}

function ratio({ series, base }: Row, read: (run: HttpRun) => number): Spread {
  return ratioOf(series.runs.map(read), base.map(read))
}

/** Resident memory beyond the bare application's. */
function mebibytesAdded({ series, base }: Row, read: (run: HttpRun) => number): string {
  if (series.runs === base) return ''
  return ((spread(series.runs, read).median - spread(base, read).median) / mebibyte).toFixed(0)
}

/** All runs together: `1,204,311 of 1,204,311 (100%)`. */
function arrivals({ runs }: Series): string {
  const made = runs.reduce((sum, run) => sum + run.spansMade, 0)
  if (made === 0) return ''
  const arrived = runs.reduce((sum, run) => sum + run.spansArrived, 0)
  // Rounded down, so that nothing short of all reads as 100%.
  return `${grouped(arrived)} of ${grouped(made)} (${significant(Math.floor((arrived / made) * 1000) / 10)}%)`
}
