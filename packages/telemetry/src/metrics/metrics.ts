/**
 * The numbers of a tracing that runs: its ledger, the `otel.sdk.*` metrics, and metrics of spans where they are wanted. Chosen when tracing
 * starts: what is off leaves sampler and stage as they are, and costs nothing. Called by initTracing.
 */
import type { OtelConfigFields } from '../config.ts'
import type { LedgerSnapshot } from '../export/ledger.ts'
import { type Decision, drop, type HeadSampler, recordOnly } from '../sample/decision.ts'
import type { RecordingSpan } from '../trace/recording-span.ts'
import type { SpanLimits } from '../trace/span-limits.ts'
import type { SpanStage } from '../trace/tracer-provider.ts'
import type { ExportOperations } from './export-operations.ts'
import { MeasuredSpan } from './measured-span.ts'
import { serveMetrics } from './metrics-endpoint.ts'
import { OpenMetricsText } from './open-metrics.ts'
import { writeLedger, writeSdkMetrics, writeTarget } from './sdk-metrics.ts'
import { CountingSampler, SpanCounts } from './span-counts.ts'
import { SpanMetrics } from './span-metrics.ts'

/** Where the numbers come from. */
export interface MetricsSource {
  ledger(): LedgerSnapshot
  readonly operations: ExportOperations
}

/** Where spans come through. */
export interface Measured {
  readonly sampler: HeadSampler
  readonly stage: SpanStage
}

export interface Metrics extends Measured {
  /** The OpenMetrics text, of this moment. */
  openMetrics(): string
  /** Serves them, where that is asked for. */
  open(): void
  close(): void
}

export function createMetrics(config: OtelConfigFields, measured: Measured, source: MetricsSource): Metrics {
  const { spanMetrics: wanted, metricsEndpoint, serviceName, spanMetricsTenants } = config
  const counts = wanted || metricsEndpoint !== undefined ? new SpanCounts() : undefined
  const spanMetrics = wanted ? new SpanMetrics(serviceName, spanMetricsTenants) : undefined
  const openMetrics = () => {
    const text = new OpenMetricsText()
    writeTarget(text, config)
    const ledger = source.ledger()
    writeLedger(text, ledger)
    writeSdkMetrics(text, {
      ledger,
      operations: source.operations,
      counts,
      maxQueueSize: config.maxQueueSize,
      exporterType: exporterTypes[config.protocol],
      endpoint: config.endpoint,
    })
    spanMetrics?.write(text)
    return text.toString()
  }
  const { sampler, stage } = counts === undefined ? measured : measure(measured, counts, spanMetrics)
  let stop = () => {}
  const open = () => {
    if (metricsEndpoint !== undefined) stop = serveMetrics(metricsEndpoint, openMetrics)
  }
  return { sampler, stage, openMetrics, open, close: () => stop() }
}

const exporterTypes: Readonly<Record<OtelConfigFields['protocol'], string>> = {
  grpc: 'otlp_grpc_span_exporter',
  'http/protobuf': 'otlp_http_span_exporter',
  'http/json': 'otlp_http_json_span_exporter',
}

/** Of spans that are measured and not exported: what is set on them is not kept. */
const nothing: SpanLimits = {
  attributeCount: 0,
  attributeValueLength: 0,
  eventCount: 0,
  linkCount: 0,
  eventAttributeCount: 0,
  linkAttributeCount: 0,
}

const light = { limits: nothing, spanClass: MeasuredSpan }

function measure({ sampler, stage }: Measured, counts: SpanCounts, metrics?: SpanMetrics): Measured {
  const asItIs = (decision: Decision) => decision
  return {
    sampler: new CountingSampler(sampler, counts, metrics === undefined ? asItIs : recorded),
    stage: {
      add(scope, span) {
        counts.end(true)
        metrics?.observe(span, true)
        stage.add(scope, span)
      },
      unsampled: {
        ...(stage.unsampled === undefined ? light : stage.unsampled),
        onEnd(span: RecordingSpan) {
          counts.end(false)
          metrics?.observe(span, false)
          stage.unsampled?.onEnd(span)
        },
      },
    },
  }
}

/** A span that is not recorded has no name and no end: it is, as if for a processor. */
function recorded(decision: Decision): Decision {
  if (decision.recorded) return decision
  return decision === drop ? recordOnly : { ...decision, recorded: true }
}
