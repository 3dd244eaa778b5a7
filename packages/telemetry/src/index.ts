/** `@rustok/telemetry`: OpenTelemetry tracing for Node.js. See the README for how the parts fit together. */
export { OtelConfig, type OtelConfigFields } from './config.ts'
export { type ContinueOptions, continueTrace, type InjectOptions, injectContext } from './context/carrier.ts'
export type { CorrelationFields } from './context/correlation.ts'
export { correlate, currentTraceId, type LogFields, logFields } from './correlate.ts'
export { OtelError, type OtelErrorCode, otelErrors } from './errors.ts'
export type { DropReason, LedgerSnapshot } from './export/ledger.ts'
export type { InstrumentationName } from './instrument/names.ts'
export type { OfficialInstrumentation } from './instrument/official.ts'
export { initOtelLayer, type OtelLayer } from './layer.ts'
export { openMetricsType } from './metrics/open-metrics.ts'
export type {
  DetectedResource,
  ExportResult,
  IdGenerator,
  InstrumentationScope,
  ReadableResource,
  ReadableSpan,
  ResourceDetector,
  SpanExporter,
  SpanProcessor,
  TimedEvent,
} from './plug/interfaces.ts'
export type { RedactionRule } from './redact/rules.ts'
export type { Sampler, SamplingResult } from './sample/plugged-sampler.ts'
export type { SamplingChanges, SamplingControl } from './sample/sampling.ts'
export type { TailCounts } from './sample/tail/tail-stage.ts'
export type { TenantUsage } from './sample/tail/tenants.ts'
export { type TracedOptions, traced } from './traced.ts'
export { tracedSpan } from './traced-span.ts'
export { initTracing, shutdown, type Tracing, type TracingOptions } from './tracing.ts'
