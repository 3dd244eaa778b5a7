/**
 * The configuration of tracing, from the environment or by hand. Nothing else in this package reads the environment. Bad
 * values never throw: they fall back to the default and are listed in `warnings`, which initTracing reports once.
 */
import { type Environment, EnvReader } from './env-reader.ts'
import { defaultSpanLimits, type SpanLimits } from './trace/span-limits.ts'

export type Propagator = 'tracecontext' | 'baggage'
export type LogLevel = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose'

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

const defaultPropagators: readonly Propagator[] = ['tracecontext', 'baggage']
/** A longer delay overflows Node's timers and fires at once. */
export const maxTimerMs = 2 ** 31 - 1

export interface OtelConfigFields {
  /** False registers propagation alone: nothing is recorded. */
  readonly enabled: boolean
  readonly serviceName: string
  readonly serviceVersion: string
  /** Further resource attributes; they win over detected ones, not over the service's name and version. */
  readonly resourceAttributes: Readonly<Record<string, string>>
  /** `http:` for plain text, `https:` for TLS. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** Share of traces that are recorded, 0 to 1. */
  readonly samplingRate: number
  /** Whether a parent's decision is followed. */
  readonly parentBased: boolean
  readonly propagators: readonly Propagator[]
  /** Milliseconds that a span waits at most for its batch to fill. */
  readonly scheduleDelay: number
  /** Milliseconds of one export attempt. */
  readonly exportTimeout: number
  /** Spans that may wait once `maxBufferBytes` are on their way, up to twice those bytes. */
  readonly maxQueueSize: number
  /** Spans in one request. */
  readonly maxExportBatchSize: number
  /** Bytes of encoded spans that may be on their way to the collector. */
  readonly maxBufferBytes: number
  /** Milliseconds that `shutdown` waits for the collector. */
  readonly shutdownTimeout: number
  readonly spanLimits: SpanLimits
  /** Of the messages of this package about itself. */
  readonly logLevel: LogLevel
  /** What was wrong with the environment, a sentence each. */
  readonly warnings: readonly string[]
}

export class OtelConfig implements OtelConfigFields {
  readonly enabled: boolean
  readonly serviceName: string
  readonly serviceVersion: string
  readonly resourceAttributes: Readonly<Record<string, string>>
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly samplingRate: number
  readonly parentBased: boolean
  readonly propagators: readonly Propagator[]
  readonly scheduleDelay: number
  readonly exportTimeout: number
  readonly maxQueueSize: number
  readonly maxExportBatchSize: number
  readonly maxBufferBytes: number
  readonly shutdownTimeout: number
  readonly spanLimits: SpanLimits
  readonly logLevel: LogLevel
  readonly warnings: readonly string[]

  constructor(fields: Partial<OtelConfigFields> = {}) {
    this.enabled = fields.enabled ?? true
    this.serviceName = fields.serviceName ?? 'rustok-server'
    this.serviceVersion = fields.serviceVersion ?? '0.1.0'
    this.resourceAttributes = fields.resourceAttributes ?? {}
    this.endpoint = fields.endpoint ?? 'http://localhost:4317'
    this.headers = fields.headers ?? {}
    this.samplingRate = fields.samplingRate ?? 1
    this.parentBased = fields.parentBased ?? true
    this.propagators = fields.propagators ?? defaultPropagators
    this.scheduleDelay = fields.scheduleDelay ?? 5000
    this.exportTimeout = fields.exportTimeout ?? 10_000
    this.maxQueueSize = fields.maxQueueSize ?? 2048
    this.maxExportBatchSize = fields.maxExportBatchSize ?? 512
    this.maxBufferBytes = fields.maxBufferBytes ?? 64 * 1024 * 1024
    this.shutdownTimeout = fields.shutdownTimeout ?? 5000
    this.spanLimits = fields.spanLimits ?? defaultSpanLimits
    this.logLevel = fields.logLevel ?? 'info'
    this.warnings = fields.warnings ?? []
  }

  /** Never throws on bad input. */
  static fromEnv(env: Environment = process.env): OtelConfig {
    const reader = new EnvReader(env)
    const resourceAttributes = reader.pairs('OTEL_RESOURCE_ATTRIBUTES')
    if (resourceAttributes['deployment.environment.name'] === undefined) {
      resourceAttributes['deployment.environment.name'] =
        reader.text('ENVIRONMENT', 'NODE_ENV') ?? 'development'
    }
    const sampling = readSampling(reader)
    const batch = readBatch(reader)
    readProtocol(reader)
    return new OtelConfig({
      enabled: reader.boolean('OTEL_ENABLED', true) && !reader.boolean('OTEL_SDK_DISABLED', false),
      serviceName: reader.text('OTEL_SERVICE_NAME') ?? resourceAttributes['service.name'] ?? 'rustok-server',
      serviceVersion: reader.text('OTEL_SERVICE_VERSION') ?? resourceAttributes['service.version'] ?? '0.1.0',
      resourceAttributes,
      endpoint: readEndpoint(reader),
      headers: reader.headers(
        ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'],
        isGrpcHeader,
      ),
      ...sampling,
      propagators: readPropagators(reader),
      ...batch,
      exportTimeout: reader.number(
        ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
        10_000,
        { min: 1, max: maxTimerMs, integer: true },
      ),
      spanLimits: readLimits(reader),
      logLevel: reader.choice(
        ['OTEL_LOG_LEVEL'],
        ['none', 'error', 'warn', 'info', 'debug', 'verbose'],
        'info',
      ),
      warnings: reader.warnings,
    })
  }
}

/** Whether gRPC can send it (PROTOCOL-HTTP2.md, "Custom-Metadata"); values of `-bin` names are binary. */
export function isGrpcHeader(name: string, value: string): boolean {
  return /^[0-9a-z_.-]+$/i.test(name) && !/-bin$/i.test(name) && /^[\x20-\x7e]*$/.test(value)
}

/** OTEL_TRACES_SAMPLER, where it is set, wins over its older twin OTEL_SAMPLING_RATE. */
function readSampling(reader: EnvReader): { samplingRate: number; parentBased: boolean } {
  const rate = reader.number(['OTEL_SAMPLING_RATE'], 1, { min: 0, max: 1 })
  const instead = `parentbased_traceidratio of ${rate}`
  const sampler = reader.choiceIfSet(['OTEL_TRACES_SAMPLER'], samplers, instead)
  if (sampler === undefined) return { samplingRate: rate, parentBased: true }
  const parentBased = sampler.startsWith('parentbased_')
  if (sampler.endsWith('always_on')) return { samplingRate: 1, parentBased }
  if (sampler.endsWith('always_off')) return { samplingRate: 0, parentBased }
  const samplingRate = reader.number(['OTEL_TRACES_SAMPLER_ARG'], 1, { min: 0, max: 1 })
  return { samplingRate, parentBased }
}

function readBatch(
  reader: EnvReader,
): Pick<OtelConfigFields, 'scheduleDelay' | 'maxQueueSize' | 'maxExportBatchSize'> {
  const maxQueueSize = reader.number(['OTEL_BSP_MAX_QUEUE_SIZE'], 2048, { min: 1, integer: true })
  const fallback = Math.min(512, maxQueueSize)
  let maxExportBatchSize = reader.number(['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'], fallback, {
    min: 1,
    integer: true,
  })
  if (maxExportBatchSize > maxQueueSize) {
    const wanted = `at most OTEL_BSP_MAX_QUEUE_SIZE (${maxQueueSize})`
    reader.warn('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', String(maxExportBatchSize), wanted, maxQueueSize)
    maxExportBatchSize = maxQueueSize
  }
  return {
    scheduleDelay: reader.number(['OTEL_BSP_SCHEDULE_DELAY'], 5000, {
      min: 0,
      max: maxTimerMs,
      integer: true,
    }),
    maxQueueSize,
    maxExportBatchSize,
  }
}

function readEndpoint(reader: EnvReader): string {
  const fallback = 'http://localhost:4317'
  const names = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const
  const value = reader.text(...names)
  if (value === undefined) return fallback
  const insecure = reader.boolean('OTEL_EXPORTER_OTLP_INSECURE', false)
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
    ? value
    : `${insecure ? 'http' : 'https'}://${value}`
  const url = URL.parse(withScheme)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '')
    return url.href
  reader.warn(
    reader.text(names[0]) === undefined ? names[1] : names[0],
    value,
    'an http or https URL',
    fallback,
  )
  return fallback
}

function readProtocol(reader: EnvReader): void {
  reader.choice(['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'], ['grpc'], 'grpc')
}

function readPropagators(reader: EnvReader): readonly Propagator[] {
  const value = reader.text('OTEL_PROPAGATORS')
  if (value === undefined) return defaultPropagators
  const names = new Set(value.split(',').map((name) => name.trim().toLowerCase()))
  names.delete('')
  if (names.has('none')) return []
  const known = [...names].filter((name) => name === 'tracecontext' || name === 'baggage')
  const used = known.length === 0 ? defaultPropagators : known
  for (const name of names) {
    if (name === 'tracecontext' || name === 'baggage') continue
    reader.warn('OTEL_PROPAGATORS', name, 'tracecontext, baggage or none', used.join(','))
  }
  return used
}

function readLimits(reader: EnvReader): SpanLimits {
  const count = (name: string, general?: string) =>
    reader.number(general === undefined ? [name] : [name, general], 128, { min: 0, integer: true })
  return {
    attributeCount: count('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'),
    attributeValueLength: reader.number(
      ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
      Number.POSITIVE_INFINITY,
      { min: 0, integer: true },
    ),
    eventCount: count('OTEL_SPAN_EVENT_COUNT_LIMIT'),
    linkCount: count('OTEL_SPAN_LINK_COUNT_LIMIT'),
    eventAttributeCount: count('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'),
    linkAttributeCount: count('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'),
  }
}
