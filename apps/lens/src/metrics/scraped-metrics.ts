/** What is only known when somebody asks: memory, disk, what runs and waits. A source that does not answer leaves its families out. */

import { readdir, readFile, statfs } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import packageJson from '../../package.json' with { type: 'json' }
import type { Store } from '../store/store.ts'
import type { Family, Sample } from './instruments.ts'

export interface Scraped {
  readonly store: Store
  /** Of the embedded store; undefined for a cluster. */
  readonly dataDirectory: string | undefined
  readonly queries: { readonly running: number; readonly waiting: number }
  readonly calls: { readonly countedUntil: number | undefined }
}

/** A scrape that takes longer is given up by Prometheus. */
const patience = 5_000

export async function scrapedMetrics({
  store,
  dataDirectory,
  queries,
  calls,
}: Scraped): Promise<readonly Family[]> {
  const [stored, disk, engineMemory, isAlive, files] = await Promise.all([
    storedTables(store).catch(() => []),
    dataDirectory === undefined ? undefined : statfs(dataDirectory).catch(() => undefined),
    residentMemory(store.pid()),
    store.isAlive(),
    fileDescriptors(),
  ])
  const { user, system } = process.cpuUsage()
  return [
    gauge('rustok_lens_build_info', 'Which Lens this is, on which Node.js.', [
      { labels: { version: packageJson.version, node: process.versions.node }, value: 1 },
    ]),
    gauge('rustok_lens_store_up', 'Whether the store answers.', [{ value: isAlive ? 1 : 0 }]),
    gauge(
      'rustok_lens_store_rows',
      'Rows of each table, repetitions that were not merged away yet included.',
      stored.map(({ table, rows }) => ({ labels: { table }, value: rows })),
    ),
    gauge(
      'rustok_lens_store_bytes',
      'Bytes of each table on disk.',
      stored.map(({ table, bytes }) => ({ labels: { table }, value: bytes })),
    ),
    gauge(
      'rustok_lens_store_parts',
      'Pieces that each table is in: what merges have left to do under load.',
      stored.map(({ table, parts }) => ({ labels: { table }, value: parts })),
    ),
    gauge(
      'rustok_lens_store_unmerged_rows',
      'Rows that no merge has seen. Spans of a heavy load among them have no index of attributes yet.',
      stored.map(({ table, unmerged }) => ({ labels: { table }, value: unmerged })),
    ),
    gauge(
      'rustok_lens_calls_lag_seconds',
      'How long ago all calls between services were counted: under load they wait, for minutes at most.',
      calls.countedUntil === undefined
        ? []
        : [{ value: Math.max(0, Date.now() - calls.countedUntil) / 1_000 }],
    ),
    gauge(
      'rustok_lens_disk_free_bytes',
      'Bytes that are free where the data lies.',
      disk === undefined ? [] : [{ value: disk.bavail * disk.bsize }],
    ),
    gauge(
      'rustok_lens_engine_resident_memory_bytes',
      'Memory of the embedded engine’s process.',
      engineMemory === undefined ? [] : [{ value: engineMemory }],
    ),
    gauge('rustok_lens_queries_running', 'Queries that the store works on.', [{ value: queries.running }]),
    gauge('rustok_lens_queries_waiting', 'Queries that wait for their turn.', [{ value: queries.waiting }]),
    gauge('process_resident_memory_bytes', 'Memory of Lens’s own process.', [
      { value: process.memoryUsage.rss() },
    ]),
    {
      name: 'process_cpu_seconds',
      type: 'counter' as const,
      help: 'CPU time of Lens’s own process.',
      samples: () => [{ suffix: '_total', value: (user + system) / 1e6 }],
    },
    {
      name: 'rustok_lens_event_loop_busy_seconds',
      type: 'counter' as const,
      help: 'How long Lens’s one thread of JavaScript was at work: at one second a second, everything waits for it.',
      samples: () => [{ suffix: '_total', value: performance.eventLoopUtilization().active / 1_000 }],
    },
    gauge(
      'process_open_fds',
      'Files and sockets that Lens’s own process has open.',
      files === undefined ? [] : [{ value: files.open }],
    ),
    gauge(
      'process_max_fds',
      'How many it may have open.',
      files === undefined ? [] : [{ value: files.most }],
    ),
    gauge('process_start_time_seconds', 'When Lens’s process started, in Unix time.', [
      { value: performance.timeOrigin / 1_000 },
    ]),
  ].filter((family) => [...family.samples()].length > 0)
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'gauge', help, samples: () => samples }
}

async function storedTables(store: Store) {
  const { rows } = await store.engine.query<
    Record<'table' | 'rows' | 'bytes' | 'parts' | 'unmerged', string>
  >(
    `SELECT table, sum(part.rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts, sumIf(part.rows, level = 0) AS unmerged
     FROM system.parts AS part
     WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table`,
    {},
    { signal: AbortSignal.timeout(patience) },
  )
  return rows.map(({ table, rows, bytes, parts, unmerged }) => ({
    table,
    rows: Number(rows),
    bytes: Number(bytes),
    parts: Number(parts),
    unmerged: Number(unmerged),
  }))
}

/** Linux alone tells it; undefined elsewhere. */
async function fileDescriptors(): Promise<{ readonly open: number; readonly most: number } | undefined> {
  try {
    const [open, limits] = await Promise.all([
      readdir('/proc/self/fd'),
      readFile('/proc/self/limits', 'utf8'),
    ])
    const most = /^Max open files +(\d+)/m.exec(limits)?.[1]
    return { open: open.length, most: most === undefined ? Infinity : Number(most) }
  } catch {
    return undefined
  }
}

/** Likewise. */
async function residentMemory(pid: number | undefined): Promise<number | undefined> {
  if (pid === undefined) return undefined
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}
