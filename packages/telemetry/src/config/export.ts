/** Where spans are sent, and how (OTEL_EXPORTER_OTLP_*). */
import type { EnvReader } from './env-reader.ts'
import { expect, expectMilliseconds, maxTimerMs } from './expect.ts'

export interface ExportFields {
  /** `http:` for plain text, `https:` for TLS. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds of one export attempt. */
  readonly exportTimeout: number
}

export const exportDefaults: ExportFields = {
  endpoint: 'http://localhost:4317',
  headers: {},
  exportTimeout: 10_000,
}

export function readExport(reader: EnvReader): Partial<ExportFields> {
  readProtocol(reader)
  return {
    endpoint: readEndpoint(reader),
    headers: reader.headers(
      ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'],
      isGrpcHeader,
    ),
    exportTimeout: reader.number(
      ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
      exportDefaults.exportTimeout,
      { min: 1, max: maxTimerMs, integer: true },
    ),
  }
}

export function checkExport({ endpoint, headers, exportTimeout }: ExportFields): void {
  const { protocol, hostname } = URL.parse(endpoint) ?? {}
  expect(
    (protocol === 'http:' || protocol === 'https:') && hostname !== '',
    `endpoint must be an http or https URL, not '${endpoint}'`,
  )
  for (const [name, value] of Object.entries(headers)) {
    expect(isGrpcHeader(name, String(value)), `header '${name}' cannot be sent`)
  }
  expectMilliseconds('exportTimeout', exportTimeout)
}

/** Whether gRPC can send it (PROTOCOL-HTTP2.md, "Custom-Metadata"); values of `-bin` names are binary. */
function isGrpcHeader(name: string, value: string): boolean {
  return /^[0-9a-z_.-]+$/i.test(name) && !/-bin$/i.test(name) && /^[\x20-\x7e]*$/.test(value)
}

function readEndpoint(reader: EnvReader): string {
  const fallback = exportDefaults.endpoint
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
