/**
 * rustok-server as it is, with tracing at 100% and without any, on the two requests that have a budget: how much of its throughput it keeps, what
 * becomes of its latency, what a request costs, and whether every span arrived at a receiver in another process.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child/child.ts'
import { grouped, significant, withRange } from './report/format.ts'
import { percentile, type Spread, spreadOf } from './report/statistics.ts'
import { type Column, formatTable } from './report/table.ts'
import type { ServerLoadCalls } from './server/load.ts'
import { measureRound, type Prepared, type Round, type Sizes, type SliceRun } from './server/measure.ts'
import { Postgres } from './server/postgres.ts'
import { proveTraces } from './server/prove-traces.ts'
import { nodes, placeOrder, type Scenario } from './server/scenarios.ts'
import { ServerProcess } from './server/server-process.ts'
import type { SinkCalls } from './sink/sink.ts'
import type { Suite } from './suite.ts'

const full = { rounds: 3, slice: 1500, pairs: 10, connections: 16 } as const
const quick = { rounds: 1, slice: 400, pairs: 3, connections: 16 } as const
const scenarios: readonly Scenario[] = [nodes, placeOrder]
const secret = 'for the servers of this bench alone, 32 bytes'

export const server: Suite = {
  name: 'server',
  summary: 'rustok-server with tracing at 100% beside itself without: nodes with authors, and placeOrder',
  async run(options) {
    const { rounds: defaultRounds, ...sizes } = options.quick ? quick : full
    const rounds = options.rounds ?? defaultRounds
    const load = await Child.start<ServerLoadCalls>(new URL('./server/load.ts', import.meta.url))
    const sink = await Child.start<SinkCalls>(new URL('./sink/sink.ts', import.meta.url))
    const directory = await mkdtemp(join(tmpdir(), 'rustok-bench-'))
    try {
      await using postgres = await Postgres.start()
      const rows: Row[] = []
      for (const scenario of scenarios) {
        const prepared = [
          await prepareDatabase(postgres, join(directory, `${rows.length}-a`), `a${rows.length}`),
          await prepareDatabase(postgres, join(directory, `${rows.length}-b`), `b${rows.length}`),
        ] as const
        const spansPerRequest = await proveTraces(scenario, prepared[0], sink)
        const done: Round[] = []
        for (let round = 0; round < rounds; round++) {
          // The databases change places, so that neither mode has the better one.
          const [traced, untraced] = round % 2 === 0 ? prepared : prepared.toReversed()
          const tools = { load, sink, profileTo: options.profileTo }
          done.push(await measureRound(scenario, { traced: traced!, untraced: untraced! }, sizes, tools))
        }
        rows.push({ scenario, spansPerRequest, rounds: done })
      }
      console.log(`\n${describe(postgres, rounds, sizes)}\n\n${formatTable(columns, rows)}`)
    } finally {
      await rm(directory, { recursive: true, force: true })
      await load.terminate()
      await sink.terminate()
    }
  },
}

/** With the demo's tenants in it and a token of one of their admins; then the servers run without the demo, as in production. */
async function prepareDatabase(
  postgres: Postgres | undefined,
  directory: string,
  name: string,
): Promise<Prepared> {
  const urls = await postgres?.database(name)
  const env = { ...urls, RUSTOK_DATA_DIR: directory, RUSTOK_JWT_SECRET: secret, NODE_ENV: 'production' }
  await using seeding = await ServerProcess.start({ ...env, RUSTOK_DEMO: 'true', OTEL_ENABLED: 'false' })
  const token = seeding.demo?.tenants[0]?.users[0]?.token
  if (token === undefined) throw new Error('the server has no demo')
  await seeding.stop()
  return { env: { ...env, RUSTOK_DEMO: 'false' }, token }
}

interface Row {
  readonly scenario: Scenario
  readonly spansPerRequest: number
  readonly rounds: readonly Round[]
}

function describe(
  postgres: Postgres | undefined,
  rounds: number,
  { slice, pairs, connections }: Sizes,
): string {
  const database =
    postgres === undefined ? 'PostgreSQL embedded (PGlite)' : `${postgres.version} on this machine`
  return (
    `rustok-server on ${database}, ${connections} connections; ${rounds} × ${pairs} pairs of slices of about ` +
    `${slice / 1000} s, tracing at 100% and none in turns, median (quarter-three quarters)`
  )
}

const columns: readonly Column<Row>[] = [
  { title: 'request', align: 'left', cell: ({ scenario }) => scenario.title },
  { title: 'req/s without', cell: (row) => grouped(spreadOf(rates(row, 'untraced')).median) },
  { title: 'with', cell: (row) => grouped(spreadOf(rates(row, 'traced')).median) },
  {
    title: 'throughput kept',
    cell: (row) => percentQuartiles(pairRatios(rates(row, 'traced'), rates(row, 'untraced'))),
  },
  { title: 'p50 ms without', cell: (row) => significant(spreadOf(latencies(row, 'untraced', 0.5)).median) },
  { title: 'p50, without = 1', cell: (row) => withRange(latencyRatio(row, 0.5)) },
  { title: 'p99 ms without', cell: (row) => significant(spreadOf(latencies(row, 'untraced', 0.99)).median) },
  { title: 'p99, without = 1', cell: (row) => withRange(latencyRatio(row, 0.99)) },
  { title: 'CPU ms/req without', cell: (row) => significant(spreadOf(cpuMs(row, 'untraced')).median) },
  {
    title: 'CPU, without = 1',
    cell: (row) => quartileRange(pairRatios(cpuMs(row, 'traced'), cpuMs(row, 'untraced'))),
  },
  { title: 'spans/req', cell: ({ spansPerRequest }) => String(spansPerRequest) },
  { title: 'spans arrived', cell: arrivals },
]

type Mode = 'traced' | 'untraced'

function slices({ rounds }: Row, mode: Mode): readonly SliceRun[] {
  return rounds.flatMap((round) => round[mode])
}

function rates(row: Row, mode: Mode): readonly number[] {
  return slices(row, mode).map(({ seconds, latencies }) => latencies.length / seconds)
}

function cpuMs(row: Row, mode: Mode): readonly number[] {
  return slices(row, mode).map(
    ({ serverCpuSeconds, latencies }) => (serverCpuSeconds * 1000) / latencies.length,
  )
}

/** Of each round's requests together: a slice has too few for a 99th percentile. */
function latencies({ rounds }: Row, mode: Mode, share: number): readonly number[] {
  return rounds.map((round) => {
    const all = Float64Array.from(round[mode].flatMap(({ latencies }) => [...latencies])).sort()
    return percentile(all, share)
  })
}

function latencyRatio(row: Row, share: number): Spread {
  return spreadOf(pairRatios(latencies(row, 'traced', share), latencies(row, 'untraced', share)))
}

function pairRatios(values: readonly number[], base: readonly number[]): readonly number[] {
  return values.map((value, i) => value / base[i]!)
}

function quartileRange(values: readonly number[]): string {
  const [low, median, high] = quartiles(values)
  return `${significant(median)} (${significant(low)}-${significant(high)})`
}

function percentQuartiles(values: readonly number[]): string {
  const [low, median, high] = quartiles(values).map((value) => (value * 100).toFixed(1))
  return `${median}% (${low}-${high})`
}

function quartiles(values: readonly number[]): [number, number, number] {
  const sorted = Float64Array.from(values).sort()
  return [percentile(sorted, 0.25), spreadOf(values).median, percentile(sorted, 0.75)]
}

function arrivals({ rounds }: Row): string {
  const [created, arrived] = [
    rounds.reduce((sum, { spansCreated }) => sum + spansCreated, 0),
    rounds.reduce((sum, { spansArrived }) => sum + spansArrived, 0),
  ]
  return `${grouped(arrived)} of ${grouped(created)}`
}
