/**
 * The pipeline of this thread: one that exports, which takes in what the process's workers hand over, or a worker's own, which ends at
 * the thread that exports. tracing.ts drives either without knowing which it is.
 */
import type { OtelConfig } from '../config.ts'
import { emptyContext } from '../context/context.ts'
import { setBaseContext } from '../context/context-manager.ts'
import { deliverSync } from '../exit/deliver-sync.ts'
import { createExporter } from '../export/create-exporter.ts'
import { Pipeline } from '../export/pipeline.ts'
import { DetectedResource } from '../plug/detected-resource.ts'
import type { ResourceDetector } from '../plug/interfaces.ts'
import { describeResource } from '../resource.ts'
import { WorkerHub } from './worker-hub.ts'
import { joinExportingThread, type WorkerLink } from './worker-link.ts'

/** What a worker that is terminated may lose, at most, besides its open batch's bound: nobody hears of it before it ends. */
const handOverDelayMs = 1000

export interface ThreadPipeline {
  readonly pipeline: Pipeline
  readonly resource: DetectedResource
  /** Whether it speaks for the process, to whoever asks for its numbers. */
  readonly exports: boolean
  /** Opens it to workers, or makes the context active in which this worker was created. */
  open(): void
  /** See Pipeline; that of the process, workers included. */
  flush(timeoutMs?: number): Promise<boolean>
  shutdown(timeoutMs: number): Promise<void>
  /** Delivers what is left while the thread exits. */
  deliverSync(timeoutMs: number): void
  /** Spans that an exit has to wait for. */
  queued(): number
}

/** `alone` keeps a worker from handing its spans over. A worker has the process's resource, whatever detectors it is given. */
export function startPipeline(
  config: OtelConfig,
  alone: boolean,
  detectors: readonly ResourceDetector[],
): ThreadPipeline {
  const link: WorkerLink | undefined = alone
    ? undefined
    : joinExportingThread({
        exportAlone: () => createExporter(config),
        handOverAll: () => pipeline.flush(),
      })
  const resource =
    link === undefined
      ? new DetectedResource((found) => describeResource(config, found), detectors)
      : new DetectedResource(() => link.resource, [])
  const pipeline: Pipeline =
    link === undefined
      ? new Pipeline(config, () => resource.envelope)
      : new Pipeline(workerConfig(config), () => resource.envelope, link)
  if (resource.asyncAttributesPending) pipeline.batcher.holdUntil(resource.waitForAsyncAttributes())
  return link === undefined
    ? exporting(pipeline, config, resource)
    : handingOver(pipeline, link, config, resource)
}

/** The spool is the business of the thread that exports. */
function workerConfig(config: OtelConfig): OtelConfig {
  const scheduleDelay = Math.min(config.scheduleDelay, handOverDelayMs)
  return { ...config, scheduleDelay, spoolDirectory: undefined }
}

function exporting(pipeline: Pipeline, config: OtelConfig, resource: DetectedResource): ThreadPipeline {
  let hub: WorkerHub | undefined
  const gathered = async (timeoutMs: number) => {
    const start = performance.now()
    // Who the process is must not take the time of what it has to say.
    await resource.waitAtMost(timeoutMs / 2)
    await hub?.gather(timeoutMs)
    return Math.max(0, timeoutMs - (performance.now() - start))
  }
  return {
    pipeline,
    resource,
    exports: true,
    open: () => {
      hub = new WorkerHub(pipeline, resource.input)
    },
    flush: async (timeoutMs = config.exportTimeout) => pipeline.flush(await gathered(timeoutMs)),
    shutdown: async (timeoutMs) => {
      const left = timeoutMs > 0 ? await gathered(timeoutMs) : 0
      hub?.close()
      await pipeline.shutdown(left)
    },
    deliverSync: (timeoutMs) => {
      hub?.receiveNow()
      deliverSync(pipeline, config, timeoutMs)
    },
    queued: () => pipeline.ledger.snapshot().queued,
  }
}

function handingOver(
  pipeline: Pipeline,
  link: WorkerLink,
  config: OtelConfig,
  resource: DetectedResource,
): ThreadPipeline {
  return {
    pipeline,
    resource,
    exports: false,
    open: () => setBaseContext(link.context),
    flush: async (timeoutMs = config.exportTimeout) => {
      const inTime = await pipeline.flush(timeoutMs)
      await link.flush(timeoutMs)
      return inTime
    },
    shutdown: async (timeoutMs) => {
      setBaseContext(emptyContext)
      await pipeline.shutdown(timeoutMs)
    },
    deliverSync: (timeoutMs) => {
      const deadline = performance.now() + timeoutMs
      if (link.arrives(timeoutMs)) link.handOver(pipeline.takeUndelivered(), pipeline.ledger)
      else deliverSync(pipeline, config, Math.max(0, deadline - performance.now()))
    },
    // The thread's exit hands them over in no time.
    queued: () => 0,
  }
}
