/** The exporter that a configuration asks for. Of several the collector's is the one whose answers count, see Pipeline. */
import { type ExportFields, httpUrlOf } from '../config/export.ts'
import { ConsoleExporter } from './console-exporter.ts'
import type { Exporter } from './exporter.ts'
import type { Ledger } from './ledger.ts'
import { OtlpGrpcExporter } from './otlp-grpc-exporter.ts'
import { OtlpHttpExporter } from './otlp-http-exporter.ts'
import type { BatchSink } from './span-batcher.ts'
import { readTlsFiles } from './tls-files.ts'

export function createExporter(config: ExportFields): Exporter {
  const { exporters, protocol, endpoint, headers } = config
  if (!exporters.includes('otlp')) return exporters.includes('console') ? new ConsoleExporter() : nowhere
  const shared = { headers, compress: config.compression === 'gzip', tls: () => readTlsFiles(config) }
  if (protocol === 'grpc') return new OtlpGrpcExporter({ endpoint: new URL(endpoint), ...shared })
  return new OtlpHttpExporter({ url: httpUrlOf(config), json: protocol === 'http/json', ...shared })
}

/** OTEL_TRACES_EXPORTER=none: the pipeline lets batches go before they come here. */
const nowhere: Exporter = {
  export: async () => ({ kind: 'refused', reason: 'no exporter is configured' }),
  close: () => {},
  toString: () => 'nowhere',
}

/** Where every batch goes first: to the queue, and to the console as well when it is not the only exporter; or nowhere. */
export function createSink(config: ExportFields, queue: BatchSink, ledger: Ledger): BatchSink {
  const { exporters } = config
  if (exporters.length === 0) {
    return {
      offer(batch) {
        ledger.dropped.no_exporter += batch.spans
        batch.release()
      },
    }
  }
  if (!exporters.includes('console') || !exporters.includes('otlp')) return queue
  const terminal = new ConsoleExporter()
  return {
    offer(batch) {
      terminal.print(batch.request)
      queue.offer(batch)
    },
  }
}
