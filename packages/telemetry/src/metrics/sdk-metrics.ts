/**
 * What the library says about itself: its ledger, and the `otel.sdk.*` metrics of the semantic conventions (still in development), which
 * dashboards for other SDKs know. Read when somebody asks; what is counted for them alone is counted per batch.
 */
import type { GeneralFields } from '../config/general.ts'
import type { DropReason, LedgerSnapshot } from '../export/ledger.ts'
import type { ExportOperations } from './export-operations.ts'
import { type Labels, labelName, type OpenMetricsText } from './open-metrics.ts'
import type { SpanCounts } from './span-counts.ts'

export interface SdkMetricsSource {
  readonly ledger: LedgerSnapshot
  readonly operations: ExportOperations
  /** Undefined when starts are not counted. */
  readonly counts: SpanCounts | undefined
  readonly maxQueueSize: number
  /** `otel.component.type` of the exporter, with the address that it sends to. */
  readonly exporterType: string
  readonly endpoint: string
}

/** What is dropped before it reaches the exporter, as the conventions call it; the rest is the exporter's. */
const processorErrors: Partial<Record<DropReason, string>> = {
  queue_full: 'queue_full',
  encoding: 'encoding',
  memory: 'memory',
}

export function writeLedger(text: OpenMetricsText, ledger: LedgerSnapshot): void {
  const { created, exported, rejected, dropped, queued, spooled } = ledger
  const counter = (name: string, help: string, value: number) =>
    text.family({ name, type: 'counter', help }).sample(`${name}_total`, [], value)
  counter('rustok_spans_created', 'Sampled spans that have ended: the sum of all below.', created)
  counter('rustok_spans_exported', 'Acknowledged by the collector.', exported)
  counter('rustok_spans_rejected', 'Turned down by the collector in a partial success.', rejected)
  text.family({ name: 'rustok_spans_dropped', type: 'counter', help: 'Lost, by reason.' })
  for (const [reason, count] of Object.entries(dropped)) {
    text.sample('rustok_spans_dropped_total', [['reason', reason]], count)
  }
  const gauge = (name: string, help: string, value: number) =>
    text.family({ name, type: 'gauge', help }).sample(name, [], value)
  gauge('rustok_spans_queued', 'In memory: in the open batch, waiting, or on the way.', queued)
  gauge('rustok_spans_spooled', 'On disk.', spooled)
}

export function writeSdkMetrics(text: OpenMetricsText, source: SdkMetricsSource): void {
  if (source.counts !== undefined) writeSpanCounts(text, source.counts)
  writeProcessor(text, source)
  writeExporter(text, source)
}

function writeSpanCounts(text: OpenMetricsText, counts: SpanCounts): void {
  const started = 'otel_sdk_span_started'
  text.family({ name: started, type: 'counter', help: 'Spans that were started.' })
  for (const { origin, result, count } of counts.started()) {
    const labels: Labels = [
      ['otel_span_parent_origin', origin],
      ['otel_span_sampling_result', result],
    ]
    text.sample(`${started}_total`, labels, count)
  }
  const live = 'otel_sdk_span_live'
  text.family({ name: live, type: 'gauge', help: 'Recording spans that have not ended.' })
  for (const [result, count] of counts.live()) {
    text.sample(live, [['otel_span_sampling_result', result]], count)
  }
}

function writeProcessor(text: OpenMetricsText, { ledger, operations, maxQueueSize }: SdkMetricsSource): void {
  const labels = component('batching_span_processor')
  const size = ledger.queued - (operations.inflight - operations.stored)
  const failed = new Map<string, number>()
  for (const [reason, type] of Object.entries(processorErrors)) {
    failed.set(type, ledger.dropped[reason as DropReason])
  }
  failed.set('already_shutdown', Math.max(0, ledger.dropped.shutdown - operations.abandoned))
  const lost = [...failed.values()].reduce((sum, count) => sum + count, 0)
  const queue = 'otel_sdk_processor_span_queue'
  text
    .family({ name: `${queue}_size`, type: 'gauge', help: 'Spans that wait for the exporter.' })
    .sample(`${queue}_size`, labels, size)
    .family({
      name: `${queue}_capacity`,
      type: 'gauge',
      help: 'Spans that may wait in any case; while they are small in bytes, more may.',
    })
    .sample(`${queue}_capacity`, labels, maxQueueSize)
  const processed = 'otel_sdk_processor_span_processed'
  text
    .family({ name: processed, type: 'counter', help: 'Spans handed to the exporter, or lost before.' })
    .sample(`${processed}_total`, labels, Math.max(0, ledger.created - size - lost))
  for (const [type, count] of failed) {
    if (count > 0) text.sample(`${processed}_total`, [...labels, ['error_type', type]], count)
  }
}

function writeExporter(
  text: OpenMetricsText,
  { operations, exporterType, endpoint }: SdkMetricsSource,
): void {
  const labels: Labels = [...component(exporterType), ...addressOf(endpoint)]
  const inflight = 'otel_sdk_exporter_span_inflight'
  text
    .family({ name: inflight, type: 'gauge', help: 'Spans with the exporter, retries included.' })
    .sample(inflight, labels, operations.inflight)
  const exported = 'otel_sdk_exporter_span_exported'
  text
    .family({ name: exported, type: 'counter', help: 'Spans whose export has ended.' })
    .sample(`${exported}_total`, labels, operations.succeeded.spans)
  const failures = new Map([...operations.failed].map(([type, { spans }]) => [type, spans]))
  if (operations.rejected > 0) failures.set('rejected', operations.rejected)
  for (const [type, count] of failures) {
    text.sample(`${exported}_total`, [...labels, ['error_type', type]], count)
  }
  const duration = 'otel_sdk_exporter_operation_duration_seconds'
  text
    .family({ name: duration, type: 'histogram', unit: 'seconds', help: 'Of exports, retries included.' })
    .histogram(duration, labels, operations.succeeded.durations.sample())
  for (const [type, { durations }] of operations.failed) {
    text.histogram(duration, [...labels, ['error_type', type]], durations.sample())
  }
}

/**
 * Resource attributes, which Prometheus joins by `job` and `instance` (OpenTelemetry: Prometheus compatibility). Without what a restart
 * changes: that would be a new series each time.
 */
export function writeTarget(
  text: OpenMetricsText,
  { serviceName, serviceVersion, resourceAttributes }: GeneralFields,
): void {
  const resource = { ...resourceAttributes, 'service.name': serviceName, 'service.version': serviceVersion }
  const labels = Object.entries(resource).map(([name, value]): [string, string] => [labelName(name), value])
  text
    .family({ name: 'target', type: 'info', help: 'Who sends the spans.' })
    .sample('target_info', [...new Map(labels)], 1)
}

function component(type: string): Labels {
  return [
    ['otel_component_name', `${type}/0`],
    ['otel_component_type', type],
  ]
}

function addressOf(endpoint: string): Labels {
  const { hostname, port, protocol } = URL.parse(endpoint) ?? {}
  if (hostname === undefined) return []
  return [
    ['server_address', hostname],
    ['server_port', port || (protocol === 'https:' ? '443' : '80')],
  ]
}
