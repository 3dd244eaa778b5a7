/** Where spans are sent, and how (OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_*). */

import { expect, expectMilliseconds, maxTimerMs } from '../field-checks.ts'
import type { EnvReader } from './env-reader.ts'

export type OtlpProtocol = 'grpc' | 'http/protobuf' | 'http/json'
export type ExporterName = 'otlp' | 'console'

export interface ExportFields {
  /** Each is sent every span; none: spans are made and let go. */
  readonly exporters: readonly ExporterName[]
  readonly protocol: OtlpProtocol
  /** `http:` for plain text, `https:` for TLS. Over HTTP the whole URL, and the default is `http://localhost:4318/v1/traces`. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  /** Milliseconds of one export attempt. */
  readonly exportTimeout: number
  /** PEM file of the authority that is trusted instead of the system's; empty for those. */
  readonly certificate: string
  /** PEM files by which this process shows who it is; both or none. */
  readonly clientKey: string
  readonly clientCertificate: string
}

export const exportDefaults: ExportFields = {
  exporters: ['otlp'],
  protocol: 'grpc',
  endpoint: 'http://localhost:4317',
  headers: {},
  compression: 'none',
  exportTimeout: 10_000,
  certificate: '',
  clientKey: '',
  clientCertificate: '',
}

/** The default endpoint of the HTTP protocols. */
const httpEndpoint = 'http://localhost:4318/v1/traces'
const tracesPath = '/v1/traces'
/** What the protocols themselves set, and what HTTP/2 does not allow. */
const reservedHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export function readExport(reader: EnvReader): Partial<ExportFields> {
  const protocol = reader.choice(
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
    ['grpc', 'http/protobuf', 'http/json'] as const,
    exportDefaults.protocol,
  )
  return {
    exporters: readExporters(reader),
    protocol,
    endpoint: readEndpoint(reader, protocol),
    headers: reader.headers(
      ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'],
      (name, value) => isHeader(protocol, name, value),
    ),
    compression: reader.choice(
      ['OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'OTEL_EXPORTER_OTLP_COMPRESSION'],
      ['gzip', 'none'] as const,
      exportDefaults.compression,
    ),
    exportTimeout: reader.number(
      ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
      exportDefaults.exportTimeout,
      {
        min: 1,
        max: maxTimerMs,
        integer: true,
      },
    ),
    certificate: reader.text('OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CERTIFICATE') ?? '',
    ...readClientIdentity(reader),
  }
}

export function checkExport(fields: ExportFields): void {
  const { exporters, protocol, endpoint, headers, compression, exportTimeout } = fields
  for (const name of exporters) {
    expect(name === 'otlp' || name === 'console', `exporters must be otlp or console, not '${name}'`)
  }
  expect(
    protocol === 'grpc' || protocol === 'http/protobuf' || protocol === 'http/json',
    `protocol must be grpc, http/protobuf or http/json, not '${protocol}'`,
  )
  expect(compression === 'none' || compression === 'gzip', `compression must be gzip or none`)
  const url = URL.parse(endpoint)
  expect(
    (url?.protocol === 'http:' || url?.protocol === 'https:') && url.hostname !== '',
    `endpoint must be an http or https URL, not '${endpoint}'`,
  )
  for (const [name, value] of Object.entries(headers)) {
    expect(isHeader(protocol, name, String(value)), `header '${name}' cannot be sent`)
  }
  expectMilliseconds('exportTimeout', exportTimeout)
  expect(
    (fields.clientKey === '') === (fields.clientCertificate === ''),
    'clientKey and clientCertificate must be given together',
  )
}

/** Where requests go by HTTP: the default endpoint is that of gRPC. */
export function httpUrlOf({ endpoint }: Pick<ExportFields, 'endpoint'>): URL {
  return new URL(endpoint === exportDefaults.endpoint ? httpEndpoint : endpoint)
}

/**
 * Whether it can be sent: over gRPC as metadata (PROTOCOL-HTTP2.md, "Custom-Metadata"), whose `-bin` names have binary values and
 * whose `grpc-` names are its own.
 */
function isHeader(protocol: OtlpProtocol, name: string, value: string): boolean {
  if (reservedHeaders.has(name.toLowerCase()) || !/^[\x20-\x7e]*$/.test(value)) return false
  if (protocol !== 'grpc') return /^[\w!#$%&'*+.^`|~-]+$/.test(name)
  return /^[0-9a-z_.-]+$/i.test(name) && !/^grpc-|-bin$/i.test(name)
}

function readExporters(reader: EnvReader): readonly ExporterName[] {
  const value = reader.text('OTEL_TRACES_EXPORTER')
  if (value === undefined) return exportDefaults.exporters
  const names = new Set(value.split(',').map((name) => name.trim().toLowerCase()))
  names.delete('')
  if (names.has('none')) return []
  const known = [...names].filter((name) => name === 'otlp' || name === 'console')
  const used = known.length === 0 ? exportDefaults.exporters : known
  for (const name of names) {
    if (name === 'otlp' || name === 'console') continue
    reader.warn('OTEL_TRACES_EXPORTER', name, 'otlp, console or none', used.join(','))
  }
  return used
}

function readEndpoint(reader: EnvReader, protocol: OtlpProtocol): string {
  const fallback = protocol === 'grpc' ? exportDefaults.endpoint : httpEndpoint
  const names = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const
  const value = reader.text(...names)
  if (value === undefined) return fallback
  const insecure = reader.boolean('OTEL_EXPORTER_OTLP_INSECURE', false)
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
    ? value
    : `${insecure ? 'http' : 'https'}://${value}`
  const url = URL.parse(withScheme)
  const forTraces = reader.text(names[0]) !== undefined
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '') {
    // The general one is the base of the paths of all signals.
    if (protocol !== 'grpc' && !forTraces) url.pathname = url.pathname.replace(/\/*$/, tracesPath)
    return url.href
  }
  reader.warn(forTraces ? names[0] : names[1], value, 'an http or https URL', fallback)
  return fallback
}

/** A key without its certificate, or the other way round, is of no use. */
function readClientIdentity(reader: EnvReader): Pick<ExportFields, 'clientKey' | 'clientCertificate'> {
  const keyName = 'OTEL_EXPORTER_OTLP_CLIENT_KEY'
  const certificateName = 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'
  const clientKey = reader.text('OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY', keyName) ?? ''
  const clientCertificate = reader.text('OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE', certificateName) ?? ''
  if ((clientKey === '') === (clientCertificate === '')) return { clientKey, clientCertificate }
  const [given, missing] = clientKey === '' ? [certificateName, keyName] : [keyName, certificateName]
  reader.warnings.push(`${given}='${clientKey || clientCertificate}' is ignored: ${missing} is not set`)
  return { clientKey: '', clientCertificate: '' }
}
