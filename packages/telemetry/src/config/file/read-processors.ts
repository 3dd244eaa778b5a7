/** `tracer_provider.processors`: there is one pipeline here, so that its batching is that of the first batch processor. */
import type { FileNode } from './file-node.ts'
import type { SetVariable } from './set-variable.ts'

const prefix = 'OTEL_EXPORTER_OTLP_TRACES_'

export function readProcessors(node: FileNode | undefined, provider: FileNode, set: SetVariable): void {
  const exporters = new Set<string>()
  for (const entry of node?.list() ?? []) {
    const processor = entry.variant()
    if (processor === undefined) continue
    const { key, node: settings } = processor
    if (key !== 'batch' && key !== 'simple') {
      settings.problem('is not supported: batch and simple are')
      continue
    }
    const exporter =
      key === 'batch' ? readBatch(settings, exporters, set) : settings.mapping(['exporter']).exporter
    const otlp = exporters.has('otlp')
    const kind = exporter?.variant()
    if (kind === undefined) settings.problem('must have an exporter')
    else readExporter(kind, exporters, set)
    // Spans one by one, as they end.
    if (key === 'simple' && !otlp && exporters.has('otlp')) set('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 1, settings)
  }
  if (node === undefined) provider.problem('must have processors')
  set('OTEL_TRACES_EXPORTER', [...exporters].join(',') || 'none', node ?? provider)
}

function readBatch(node: FileNode, exporters: ReadonlySet<string>, set: SetVariable): FileNode | undefined {
  const keys = [
    'schedule_delay',
    'export_timeout',
    'max_queue_size',
    'max_export_batch_size',
    'exporter',
  ] as const
  const {
    schedule_delay: delay,
    max_queue_size: queue,
    max_export_batch_size: size,
    exporter,
  } = node.mapping(keys)
  if (exporters.has('otlp')) return exporter
  if (delay !== undefined) set('OTEL_BSP_SCHEDULE_DELAY', delay.number(0), delay)
  if (queue !== undefined) set('OTEL_BSP_MAX_QUEUE_SIZE', queue.number(1), queue)
  if (size !== undefined) set('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', size.number(1), size)
  return exporter
}

function readExporter(
  { key, node }: { readonly key: string; readonly node: FileNode },
  exporters: Set<string>,
  set: SetVariable,
): void {
  if (key === 'console') {
    exporters.add('console')
  } else if (key !== 'otlp_http' && key !== 'otlp_grpc') {
    node.problem('is not supported: otlp_http, otlp_grpc and console are')
  } else if (exporters.has('otlp')) {
    node.problem('is left out: spans go to one OTLP endpoint, the first')
  } else {
    exporters.add('otlp')
    readOtlp(node, key === 'otlp_grpc', set)
  }
}

function readOtlp(node: FileNode, grpc: boolean, set: SetVariable): void {
  const keys = ['endpoint', 'tls', 'headers', 'headers_list', 'compression', 'timeout', 'encoding'] as const
  const parts = node.isNull ? {} : node.mapping([...keys, 'max_request_size', 'max_response_size'])
  const json = !grpc && parts.encoding?.choice(['protobuf', 'json']) === 'json'
  set(`${prefix}PROTOCOL`, grpc ? 'grpc' : json ? 'http/json' : 'http/protobuf', node)
  if (parts.endpoint !== undefined) set(`${prefix}ENDPOINT`, parts.endpoint.text(), parts.endpoint)
  if (parts.compression !== undefined) {
    set(`${prefix}COMPRESSION`, parts.compression.choice(['gzip', 'none']), parts.compression)
  }
  // 0 stands for no limit, which is the longest here.
  if (parts.timeout !== undefined)
    set(`${prefix}TIMEOUT`, parts.timeout.number(0) || undefined, parts.timeout)
  const headers = readHeaders(parts.headers, parts.headers_list)
  if (headers !== '') set(`${prefix}HEADERS`, headers, parts.headers ?? parts.headers_list ?? node)
  if (parts.tls !== undefined) readTls(parts.tls, grpc, set)
}

/** As one list; those that have an entry of their own win. */
function readHeaders(headers: FileNode | undefined, list: FileNode | undefined): string {
  const named = (headers?.list() ?? []).flatMap((entry) => {
    const { name, value } = entry.mapping(['name', 'value'])
    const key = name?.text()
    const text = value?.scalar()
    return key === undefined || text === undefined
      ? []
      : [`${encodeURIComponent(key)}=${encodeURIComponent(text)}`]
  })
  return [list?.text() ?? '', ...named].filter((entry) => entry !== '').join(',')
}

function readTls(node: FileNode, grpc: boolean, set: SetVariable): void {
  const files = ['ca_file', 'key_file', 'cert_file'] as const
  const {
    ca_file: authority,
    key_file: key,
    cert_file: certificate,
    insecure,
  } = node.mapping(grpc ? [...files, 'insecure'] : files) as Partial<
    Record<(typeof files)[number] | 'insecure', FileNode>
  >
  if (authority !== undefined) set(`${prefix}CERTIFICATE`, authority.text(), authority)
  if (key !== undefined) set(`${prefix}CLIENT_KEY`, key.text(), key)
  if (certificate !== undefined) set(`${prefix}CLIENT_CERTIFICATE`, certificate.text(), certificate)
  if (insecure !== undefined) set('OTEL_EXPORTER_OTLP_INSECURE', insecure.boolean(), insecure)
}
