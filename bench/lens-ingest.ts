/**
 * Lens under four gRPC senders: spans acknowledged a second, what they cost each process, the memory of all of them, the bytes on disk, and the proof
 * that the store holds what was acknowledged. Everything shares the machine: senders, Lens, its engine.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child/child.ts'
import type { ClientCalls, ClientResult } from './lens/ingest/client.ts'
import { queryEngine } from './lens/ingest/engine-query.ts'
import { LensProcess, type ProcessUsage } from './lens/lens-process.ts'
import { untilMerged } from './lens/until-merged.ts'
import { grouped, significant } from './report/format.ts'
import { type Column, formatTable } from './report/table.ts'
import { type BenchOptions, prove, type Suite } from './suite.ts'

const senders = 4
const full = { seconds: 60, spans: 65_536, concurrency: 64 } as const
const quick = { seconds: 8, spans: 32_768, concurrency: 48 } as const
const client = new URL('./lens/ingest/client.ts', import.meta.url)
const MiB = 1024 * 1024

export const lensIngest: Suite = {
  name: 'lens-ingest',
  summary: 'Lens: spans a second acknowledged from four gRPC senders, and what they cost',
  async run({ quick: isQuick }: BenchOptions) {
    const directory = await mkdtemp(join(tmpdir(), 'rustok-bench-'))
    try {
      await using lens = await LensProcess.start(directory)
      await measure(lens, directory, isQuick ? quick : full)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  },
}

interface Load {
  readonly seconds: number
  readonly spans: number
  readonly concurrency: number
}

async function measure(lens: LensProcess, directory: string, load: Load): Promise<void> {
  const address = lens.urls.otlpGrpc.replace('http://', '')
  const clients = await Promise.all(
    Array.from({ length: senders }, () => Child.start<ClientCalls>(client, { nodeArgs: ['--expose-gc'] })),
  )
  try {
    const prepared = await Promise.all(
      clients.map((child, index) => child.call('prepare', { address, seed: index + 1, ...load })),
    )
    prove(
      prepared.every((spans) => spans >= load.spans),
      'every sender has its requests',
    )
    const before = lens.usage()
    const peak = watchMemory(lens)
    const began = performance.now()
    const results = await Promise.all(clients.map((child) => child.call('send', load.seconds)))
    const elapsed = (performance.now() - began) / 1000
    const after = lens.usage()
    const memory = peak.stop()
    const acknowledged = sum(results, (result) => result.acknowledged)

    await proveStored(directory, acknowledged, results)
    const inserted = await storeSize(directory)
    const settled = await merged(lens, directory, after.engine.cpuMs)

    const perSpan = (ms: number) => (ms * 1000) / acknowledged
    const rows: Row[] = [
      {
        part: 'four senders',
        micros: perSpan(sum(results, (result) => result.cpuMs)),
        memory: sum(results, (result) => result.residentBytes),
      },
      { part: 'Lens', micros: perSpan(after.lens.cpuMs - before.lens.cpuMs), memory: memory.lens },
      {
        part: 'its engine',
        micros: perSpan(after.engine.cpuMs - before.engine.cpuMs),
        memory: memory.engine,
      },
      {
        part: 'its engine afterwards, until all is merged',
        micros: perSpan(settled.cpuMs),
        memory: undefined,
      },
    ]
    const requests = sum(results, (result) => result.requests)
    const bytes = sum(results, (result) => result.bytes)
    const latency = (index: 0 | 1) => Math.max(...results.map((result) => result.latency[index]))
    console.log(`
### Lens: ${grouped(acknowledged / elapsed)} spans a second acknowledged, for ${significant(elapsed)} s

${grouped(acknowledged)} spans in ${grouped(requests)} requests, ${significant(bytes / acknowledged)} bytes a span on the wire, ${load.concurrency} requests on their way a sender;
answered after ${grouped(latency(0))} ms (median of the slowest sender), ${grouped(latency(1))} ms (its 99th percentile); pushed back ${grouped(sum(results, (result) => result.pushedBack))} times.
The store holds each of them once. On disk ${significant(inserted.bytes / acknowledged)} bytes a span in ${inserted.parts} parts, ${significant(settled.bytes / acknowledged)} in ${settled.parts} when merged.
`)
    console.log(formatTable(columns, rows))
  } finally {
    await Promise.all(clients.map((child) => child.terminate()))
  }
}

interface Row {
  readonly part: string
  readonly micros: number
  readonly memory: number | undefined
}

const columns: readonly Column<Row>[] = [
  { title: 'process', align: 'left', cell: ({ part }) => part },
  { title: 'CPU µs a span', cell: ({ micros }) => significant(micros) },
  { title: 'memory at most, MiB', cell: ({ memory }) => (memory === undefined ? '' : grouped(memory / MiB)) },
]

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}

/** The most that each process took, looked at four times a second. */
function watchMemory(lens: LensProcess): { stop(): { lens: number; engine: number } } {
  const most = { lens: 0, engine: 0 }
  const look = () => {
    const usage: Readonly<Record<'lens' | 'engine', ProcessUsage>> = lens.usage()
    most.lens = Math.max(most.lens, usage.lens.residentBytes)
    most.engine = Math.max(most.engine, usage.engine.residentBytes)
  }
  const timer = setInterval(look, 250)
  return {
    stop() {
      look()
      clearInterval(timer)
      return most
    },
  }
}

/** Ids of ten million spans at once are more than the engine may have in memory. */
const slices = 8

/** Nothing that was acknowledged is missing, nothing is there that was not, and the API finds the traces. */
async function proveStored(
  directory: string,
  acknowledged: number,
  results: readonly ClientResult[],
): Promise<void> {
  let stored = 0
  for (let slice = 0; slice < slices; slice++) {
    const [row] = await queryEngine<{ spans: string }>(
      directory,
      `SELECT uniqExact(trace_id, span_id) AS spans FROM spans WHERE cityHash64(trace_id) % ${slices} = ${slice}`,
    )
    stored += Number(row?.spans)
  }
  prove(stored === acknowledged, `the store holds ${stored} spans of ${acknowledged} acknowledged`)
  for (const { sample } of results) {
    for (const [id] of sample) {
      const found = await queryEngine(
        directory,
        `SELECT 1 FROM spans WHERE trace_id = unhex('${id}') LIMIT 1`,
      )
      prove(found.length === 1, `the acknowledged trace ${id} is not in the store`)
    }
  }
}

interface StoreSize {
  readonly bytes: number
  readonly parts: number
}

async function storeSize(directory: string): Promise<StoreSize> {
  const [row] = await queryEngine<{ bytes: string; parts: string }>(
    directory,
    `SELECT sum(bytes_on_disk) AS bytes, countIf(table = 'spans') AS parts FROM system.parts WHERE active AND database = 'lens'`,
  )
  return { bytes: Number(row?.bytes), parts: Number(row?.parts) }
}

async function merged(
  lens: LensProcess,
  directory: string,
  cpuMs: number,
): Promise<StoreSize & { readonly cpuMs: number }> {
  await untilMerged(directory)
  return { ...(await storeSize(directory)), cpuMs: lens.usage().engine.cpuMs - cpuMs }
}
