/**
 * The last delivery, while the process waits in its `exit` event, where nothing asynchronous happens any more: a worker thread sends the
 * requests and this thread sleeps until it is done, for a bounded time. It costs a tenth of a second, and nothing when nothing is left.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { ExportFields } from '../config/export.ts'
import type { Batch } from '../export/batch.ts'
import type { Ledger } from '../export/ledger.ts'
import { diag } from '../own-diag.ts'
import { exportFieldsOf, type Fate, type LastRequests, SharedOutcome } from './last-requests.ts'

/** Node runs the sources as they are, the published package compiled. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './deliver-worker.ts' : './deliver-worker.js',
  import.meta.url,
)

/** Where the last spans come from, and where those go that cannot be sent. */
export interface LastSpans {
  readonly ledger: Ledger
  takeUndelivered(): readonly Batch[]
  /** Stores batches on disk before it returns: the spans that are safe there, booked as such. */
  storeSync(batches: readonly Batch[]): number
}

/**
 * Delivers what has ended and has not left, within `timeoutMs`. What is not acknowledged in time goes to the spool where there is one;
 * at once when spans are there already, because the collector is away then. The rest is dropped at shutdown.
 */
export function deliverSync(pipeline: LastSpans, config: ExportFields, timeoutMs: number): void {
  const { ledger } = pipeline
  let left = pipeline.takeUndelivered()
  const away = ledger.spooled > 0
  if (!away) left = send(left, config, ledger, timeoutMs)
  if (left.length === 0) return
  const stored = pipeline.storeSync(left)
  if (away && stored === 0) left = send(left, config, ledger, timeoutMs)
  ledger.dropped.shutdown += left.reduce((sum, { spans }) => sum + spans, 0) - stored
}

/** Returns the batches whose fate is unknown. */
function send(
  batches: readonly Batch[],
  config: ExportFields,
  ledger: Ledger,
  timeoutMs: number,
): readonly Batch[] {
  if (batches.length === 0 || timeoutMs <= 0) return batches
  // A worker that cannot be started says so by an event, which would never come here: look first. Bundlers leave the file behind.
  if (!existsSync(fileURLToPath(workerFile))) {
    diag.warn(`${fileURLToPath(workerFile)} is missing: what process.exit() leaves cannot be sent`)
    return batches
  }
  const outcome = new SharedOutcome(batches.length)
  try {
    const workerData: LastRequests = {
      config: exportFieldsOf(config),
      requests: batches.map(({ request }) => share(request)),
      timeoutMs,
      outcome: outcome.memory,
    }
    const { NODE_OPTIONS: _, ...env } = process.env
    // Of the process's options none: `--import @rustok/telemetry/register` would start tracing there.
    const worker = new Worker(workerFile, { workerData, execArgv: [], env, stdout: true, stderr: true })
    worker.on('error', () => {}).unref()
    outcome.wait(timeoutMs)
  } catch (cause) {
    diag.warn('what process.exit() leaves cannot be sent', cause)
  }
  return batches.filter((batch, index) => !book(ledger, batch, outcome.fate(index), outcome))
}

/** False when nobody knows. */
function book(ledger: Ledger, { spans }: Batch, fate: Fate, outcome: SharedOutcome): boolean {
  if (fate === undefined) return false
  if (fate === 'refused') {
    ledger.dropped.refused += spans
    diag.error(`${spans} spans dropped: the collector refused them: ${outcome.reason()}`)
  } else {
    const rejected = Math.min(fate.rejected, spans)
    ledger.rejected += rejected
    ledger.exported += spans - rejected
  }
  return true
}

/** Requests may be slices of large buffers, which would be copied whole. */
function share(request: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(request.length))
  copy.set(request)
  return copy
}
