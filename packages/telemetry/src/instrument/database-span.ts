/** What CLIENT spans of databases have in common, by the stable conventions; for the instrumentations of their libraries. */
import { type SpanOptions, SpanStatusCode } from '@opentelemetry/api'
import { attributeKey, type PreparedAttributes, prepareAttributes } from '@rustok/otlp'
import { errorMessage } from '../trace/exception.ts'
import type { RecordingSpan } from '../trace/recording-span.ts'

const key = {
  system: attributeKey('db.system.name'),
  namespace: attributeKey('db.namespace'),
  serverAddress: attributeKey('server.address'),
  serverPort: attributeKey('server.port'),
  status: attributeKey('db.response.status_code'),
  errorType: attributeKey('error.type'),
}

export const databaseSpan: SpanOptions = { kind: 2 }

export interface DatabaseServer {
  /** A host, or the path of a Unix socket. */
  readonly serverAddress?: string | undefined
  readonly serverPort?: number | undefined
}

/** Databases of servers are few; a program that invents them stops filling a table here. */
const maxServers = 256

/** The attributes of a system's servers, encoded once for each. */
export function serverAttributes(
  system: string,
): (server: DatabaseServer, namespace: string | undefined) => PreparedAttributes {
  const known = new Map<string, PreparedAttributes>()
  return ({ serverAddress, serverPort }, namespace) => {
    const identity = `${serverAddress}:${serverPort}/${namespace}`
    const found = known.get(identity)
    if (found !== undefined) return found
    const list = [key.system, system]
    const attributes = prepareAttributes([
      ...list,
      ...(namespace === undefined || namespace === '' ? [] : [key.namespace, namespace]),
      ...(serverAddress === undefined ? [] : [key.serverAddress, serverAddress]),
      ...(serverPort === undefined ? [] : [key.serverPort, serverPort]),
    ])
    if (known.size < maxServers) known.set(identity, attributes)
    return attributes
  }
}

/** `status` is the code in the database's own words, undefined where it did not answer. */
export function failDatabaseSpan(
  span: RecordingSpan,
  error: unknown,
  status: string | undefined,
  type: string,
): void {
  if (status !== undefined) span.setKey(key.status, status)
  span.setKey(key.errorType, type)
  span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) ?? 'the query failed' })
}
