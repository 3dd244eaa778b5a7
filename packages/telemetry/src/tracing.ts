/**
 * Sets tracing up for the process: the provider, the context manager, the propagators and the instrumentation, registered
 * with the OpenTelemetry API. One at a time; `shutdown` undoes all of it.
 */
import { context, propagation, trace } from '@opentelemetry/api'
import { checkConfig, OtelConfig } from './config.ts'
import { setBaggageBoundary } from './context/baggage-boundary.ts'
import { StorageContextManager } from './context/context-manager.ts'
import { createPropagator } from './context/propagators.ts'
import { enableDiagnostics } from './diagnostics.ts'
import { OtelError } from './errors.ts'
import { onProcessEnd, type ProcessEnd } from './exit/process-end.ts'
import { Ledger, type LedgerSnapshot } from './export/ledger.ts'
import { reportLosses } from './export/losses.ts'
import { type InstrumentationOptions, instrument } from './instrument/instrument.ts'
import { lifecycle } from './lifecycle.ts'
import { createMetrics } from './metrics/metrics.ts'
import { OpenMetricsText } from './metrics/open-metrics.ts'
import { checkNode } from './node-version.ts'
import { diag } from './own-diag.ts'
import type { ResourceDetector } from './plug/interfaces.ts'
import { type PlugOptions, Plugs } from './plug/plugs.ts'
import { startRedaction } from './redact/redaction.ts'
import { AlwaysOffSampler } from './sample/always-sampler.ts'
import type { Sampler } from './sample/plugged-sampler.ts'
import { createSampling, noSampling, type SamplingControl } from './sample/sampling.ts'
import { registerProvider, succeed } from './trace/register-provider.ts'
import { TracerProvider } from './trace/tracer-provider.ts'
import { startPipeline } from './worker/thread-pipeline.ts'

export interface TracingOptions extends InstrumentationOptions, PlugOptions {
  /** False when the application flushes by calling `shutdown` from its own signal handlers. Default true. */
  readonly handleSignals?: boolean
  /** False when nothing is to be delivered at `process.exit()`, after a crash, or when the event loop runs empty. Default true. */
  readonly handleExit?: boolean
  /** In a worker thread: true exports from there instead of handing spans over to the thread that exports. Default false. */
  readonly exportAlone?: boolean
  /** Find out who this process is; as `ResourceDetector` of `@opentelemetry/resources`. What is configured wins over what they find. */
  readonly resourceDetectors?: readonly ResourceDetector[]
  /** Asked for each span instead of what the configuration says; as `Sampler` of `@opentelemetry/sdk-trace`. */
  readonly sampler?: Sampler
}

export interface Tracing {
  readonly config: OtelConfig
  /** Changes rates, thresholds and tenants' budgets while tracing runs. */
  readonly sampling: SamplingControl
  /** Accounts for every span: `created = exported + rejected + dropped + queued + spooled`. */
  ledger(): LedgerSnapshot
  /** The ledger, `otel.sdk.*` and span metrics as OpenMetrics text, for the application's own `/metrics`: see `openMetricsType`. */
  openMetrics(): string
  /** Resolves when every span that has ended is delivered or given up, or after `config.exportTimeout`. */
  forceFlush(): Promise<void>
  /** As the `shutdown` function. */
  shutdown(): Promise<void>
}

let current: Tracing | undefined

/**
 * Starts tracing by `config`.
 *
 * @throws OtelError ALREADY_INITIALIZED when it has been started, GLOBAL_PROVIDER_TAKEN when another SDK has registered, INVALID_CONFIG
 *   when a field set by hand is out of range, UNSUPPORTED_NODE before Node 22.15.
 */
export async function initTracing(
  config: OtelConfig = OtelConfig.fromEnv(),
  options: TracingOptions = {},
): Promise<Tracing> {
  return startTracing(config, options)
}

/** The same at once, for register.ts: what `require` loads cannot wait. */
export function startTracing(config: OtelConfig, options: TracingOptions = {}): Tracing {
  lifecycle.beforeStart()
  if (current !== undefined) throw new OtelError('ALREADY_INITIALIZED')
  checkConfig(config)
  startRedaction(config)
  enableDiagnostics(config.logLevel)
  checkNode(process.versions.node)
  for (const warning of config.warnings) diag.warn(warning)
  registerPropagation(config)
  current = config.enabled ? start(config, options) : passThrough(config, options)
  lifecycle.afterStart()
  return current
}

/** Undefined unless tracing is started. */
export function currentTracing(): Tracing | undefined {
  return current
}

/** Flushes within `config.shutdownTimeout` and unregisters tracing. Idempotent; never rejects. */
export async function shutdown(): Promise<void> {
  await current?.shutdown()
}

/** Registers the context manager and the propagators, or nothing. */
function registerPropagation(config: OtelConfig): void {
  setBaggageBoundary(config)
  if (!context.setGlobalContextManager(new StorageContextManager()))
    throw new OtelError('GLOBAL_PROVIDER_TAKEN')
  if (propagation.setGlobalPropagator(createPropagator(config.propagators))) return
  context.disable()
  throw new OtelError('GLOBAL_PROVIDER_TAKEN')
}

function start(config: OtelConfig, options: TracingOptions): Tracing {
  const thread = startPipeline(config, options.exportAlone === true, options.resourceDetectors ?? [])
  const plugs = Plugs.of(options, config, thread.resource)
  const { pipeline } = thread
  const sampling = createSampling(config, pipeline.batcher, pipeline.ledger, options.sampler)
  const metrics = createMetrics(config, sampling, {
    ledger: () => pipeline.ledger.snapshot(),
    operations: pipeline.operations,
  })
  const provider = new TracerProvider(metrics.stage, metrics.sampler, config.spanLimits, plugs)
  if (!registerProvider(provider)) {
    unregisterPropagation()
    throw new OtelError('GLOBAL_PROVIDER_TAKEN')
  }
  thread.open()
  if (thread.exports) metrics.open()
  const stopInstrumentation = instrument(provider, config, options)
  let end: ProcessEnd | undefined
  let stopped: Promise<void> | undefined
  const stop = async (timeoutMs: number) => {
    end?.closing()
    stopInstrumentation()
    sampling.close()
    await Promise.all([thread.shutdown(timeoutMs), plugs?.shutdown(timeoutMs)])
    metrics.close()
    end?.closed()
    reportLosses(pipeline.ledger.snapshot())
    trace.disable()
    unregisterPropagation()
  }
  const tracing: Tracing = {
    config,
    sampling: sampling.control,
    ledger: () => pipeline.ledger.snapshot(),
    openMetrics: metrics.openMetrics,
    forceFlush: async () => {
      await Promise.all([thread.flush(), plugs?.forceFlush(config.exportTimeout)])
    },
    shutdown: () => {
      stopped ??= stop(config.shutdownTimeout)
      return stopped
    },
  }
  end = onProcessEnd(
    {
      flush: async () => {
        sampling.settle() // Nothing runs any more that could end what is open.
        const flushed = thread.flush(config.shutdownTimeout)
        await plugs?.forceFlush(config.shutdownTimeout)
        return flushed
      },
      shutdown: tracing.shutdown,
      abandon: () => {
        stopped ??= stop(0)
        return stopped
      },
      queued: thread.queued,
      deliverSync: (timeoutMs) => {
        sampling.close()
        thread.deliverSync(timeoutMs)
        reportLosses(pipeline.ledger.snapshot())
      },
    },
    config,
    options,
  )
  return tracing
}

/** OTEL_SDK_DISABLED: nothing is recorded, but the context that came in still goes out. */
function passThrough(config: OtelConfig, options: TracingOptions): Tracing {
  const provider = new TracerProvider(undefined, new AlwaysOffSampler(), config.spanLimits)
  succeed(provider)
  const stopInstrumentation = instrument(provider, config, options)
  const ledger = new Ledger()
  let stopped = false
  return {
    config,
    sampling: noSampling,
    ledger: () => ledger.snapshot(),
    openMetrics: () => new OpenMetricsText().toString(),
    forceFlush: async () => {},
    shutdown: async () => {
      if (stopped) return
      stopped = true
      stopInstrumentation()
      unregisterPropagation()
    },
  }
}

function unregisterPropagation(): void {
  propagation.disable()
  context.disable()
  current = undefined
  lifecycle.afterStop()
}
