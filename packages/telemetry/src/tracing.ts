/**
 * Sets tracing up for the process: the provider, the context manager, the propagators and the instrumentation, registered
 * with the OpenTelemetry API. One at a time; `shutdown` undoes all of it.
 */
import { context, diag, propagation, trace } from '@opentelemetry/api'
import { encodeResource } from '@rustok/otlp'
import { checkConfig, OtelConfig } from './config.ts'
import { setBaggageBoundary } from './context/baggage-boundary.ts'
import { StorageContextManager } from './context/context-manager.ts'
import { createPropagator } from './context/propagators.ts'
import { enableDiagnostics } from './diagnostics.ts'
import { OtelError } from './errors.ts'
import { deliverSync } from './exit/deliver-sync.ts'
import { onProcessEnd, type ProcessEnd } from './exit/process-end.ts'
import { Ledger, type LedgerSnapshot } from './export/ledger.ts'
import { reportLosses } from './export/losses.ts'
import { Pipeline } from './export/pipeline.ts'
import { type InstrumentationName, instrument } from './instrument/instrument.ts'
import { describeResource } from './resource.ts'
import { ParentBasedSampler, TraceIdRatioSampler } from './sample/sampler.ts'
import { registerProvider, succeed } from './trace/register-provider.ts'
import { TracerProvider } from './trace/tracer-provider.ts'

export interface TracingOptions {
  /** False when the application flushes by calling `shutdown` from its own signal handlers. Default true. */
  readonly handleSignals?: boolean
  /** False when nothing is to be delivered at `process.exit()`, after a crash, or when the event loop runs empty. Default true. */
  readonly handleExit?: boolean
  /** Instrumentations to leave out. */
  readonly without?: readonly InstrumentationName[]
}

export interface Tracing {
  readonly config: OtelConfig
  /** Accounts for every span: `created = exported + rejected + dropped + queued + spooled`. */
  ledger(): LedgerSnapshot
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
 *   when a field set by hand is out of range.
 */
export async function initTracing(
  config: OtelConfig = OtelConfig.fromEnv(),
  options: TracingOptions = {},
): Promise<Tracing> {
  return startTracing(config, options)
}

/** The same at once, for register.ts: what `require` loads cannot wait. */
export function startTracing(config: OtelConfig, options: TracingOptions = {}): Tracing {
  if (current !== undefined) throw new OtelError('ALREADY_INITIALIZED')
  checkConfig(config)
  enableDiagnostics(config.logLevel)
  for (const warning of config.warnings) diag.warn(warning)
  registerPropagation(config)
  current = config.enabled ? start(config, options) : passThrough(config, options)
  return current
}

/** Flushes within `config.shutdownTimeout` and unregisters tracing. Idempotent; never rejects. */
export async function shutdown(): Promise<void> {
  await current?.shutdown()
}

/** Registers the context manager and the propagators, or nothing. */
function registerPropagation(config: OtelConfig): void {
  if (!context.setGlobalContextManager(new StorageContextManager()))
    throw new OtelError('GLOBAL_PROVIDER_TAKEN')
  setBaggageBoundary(config)
  if (propagation.setGlobalPropagator(createPropagator(config.propagators))) return
  context.disable()
  throw new OtelError('GLOBAL_PROVIDER_TAKEN')
}

function start(config: OtelConfig, options: TracingOptions): Tracing {
  const resource = encodeResource(describeResource(config))
  const pipeline = new Pipeline(config, () => resource)
  const ratio = new TraceIdRatioSampler(config.samplingRate)
  const sampler = config.parentBased ? new ParentBasedSampler(ratio) : ratio
  const provider = new TracerProvider(pipeline.batcher, sampler, config.spanLimits)
  if (!registerProvider(provider)) {
    unregisterPropagation()
    throw new OtelError('GLOBAL_PROVIDER_TAKEN')
  }
  const stopInstrumentation = instrument(provider, options.without ?? [])
  let end: ProcessEnd | undefined
  let stopped: Promise<void> | undefined
  const stop = async (timeoutMs: number) => {
    end?.closing()
    stopInstrumentation()
    await pipeline.shutdown(timeoutMs)
    end?.closed()
    reportLosses(pipeline.ledger.snapshot())
    trace.disable()
    unregisterPropagation()
  }
  const tracing: Tracing = {
    config,
    ledger: () => pipeline.ledger.snapshot(),
    forceFlush: async () => void (await pipeline.flush()),
    shutdown: () => {
      stopped ??= stop(config.shutdownTimeout)
      return stopped
    },
  }
  end = onProcessEnd(
    {
      flush: () => pipeline.flush(config.shutdownTimeout),
      shutdown: tracing.shutdown,
      abandon: () => {
        stopped ??= stop(0)
        return stopped
      },
      queued: () => pipeline.ledger.snapshot().queued,
      deliverSync: (timeoutMs) => {
        deliverSync(pipeline, config, timeoutMs)
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
  const provider = new TracerProvider(undefined, new TraceIdRatioSampler(0), config.spanLimits)
  succeed(provider)
  const stopInstrumentation = instrument(provider, options.without ?? [])
  const ledger = new Ledger()
  let stopped = false
  return {
    config,
    ledger: () => ledger.snapshot(),
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
}
