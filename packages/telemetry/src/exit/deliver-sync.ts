/**
 * The last delivery, while the process waits in its `exit` event, where nothing asynchronous happens any more: a worker thread sends the
 * requests and this thread sleeps until it is done, for a bounded time. It costs a tenth of a second, and nothing when nothing is left.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { diag } from '@opentelemetry/api'
import type { ExportFields } from '../config/export.ts'
import type { Batch } from '../export/batch.ts'
import type { Ledger } from '../export/ledger.ts'
import { exportFieldsOf, type LastRequests, SharedOutcome } from './last-requests.ts'

/** Node runs the sources as they are, the published package compiled. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './deliver-worker.ts' : './deliver-worker.js',
  import.meta.url,
)

/** Sends `batches` and books in `ledger` what became of them; what is not acknowledged in time is dropped at shutdown. */
export function deliverSync(
  batches: readonly Batch[],
  config: ExportFields,
  ledger: Ledger,
  timeoutMs: number,
): void {
  const total = batches.reduce((sum, { spans }) => sum + spans, 0)
  if (total === 0) return
  const { exported, rejected, refused } = timeoutMs > 0 ? send(batches, config, timeoutMs) : nothing
  ledger.exported += exported
  ledger.rejected += rejected
  ledger.dropped.refused += refused
  ledger.dropped.shutdown += total - exported - rejected - refused
}

const nothing = { exported: 0, rejected: 0, refused: 0 }

function send(batches: readonly Batch[], config: ExportFields, timeoutMs: number): typeof nothing {
  // A worker that cannot be started says so by an event, which would never come here: look first. Bundlers leave the file behind.
  if (!existsSync(fileURLToPath(workerFile))) {
    diag.warn(`${fileURLToPath(workerFile)} is missing: spans that are left at process.exit() are lost`)
    return nothing
  }
  const outcome = new SharedOutcome()
  try {
    const workerData: LastRequests = {
      config: exportFieldsOf(config),
      requests: batches.map(({ request, spans }) => ({ request: share(request), spans })),
      timeoutMs,
      outcome: outcome.memory,
    }
    const { NODE_OPTIONS: _, ...env } = process.env
    // Of the process's options none: `--import @rustok/telemetry/register` would start tracing there.
    const worker = new Worker(workerFile, { workerData, execArgv: [], env, stdout: true, stderr: true })
    worker.on('error', () => {}).unref()
    outcome.wait(timeoutMs)
  } catch (cause) {
    diag.warn('spans that are left at process.exit() cannot be sent', cause)
  }
  const reason = outcome.reason()
  if (reason !== '') diag.error(`the last spans were refused: ${reason}`)
  return outcome.counts()
}

/** Requests may be slices of large buffers, which would be copied whole. */
function share(request: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(request.length))
  copy.set(request)
  return copy
}
