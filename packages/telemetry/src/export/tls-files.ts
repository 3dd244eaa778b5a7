/**
 * The PEM files of a TLS connection, read before each connection: certificates are renewed while a process runs, and a file that is missing
 * now may be there at the next attempt. What is wrong is said with the variable and the file.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import type { ExportFields } from '../config/export.ts'
import { describeError } from './describe-error.ts'

export type TlsFiles = Pick<ExportFields, 'certificate' | 'clientKey' | 'clientCertificate'>

/** Empty where nothing is configured: then the system's authorities are trusted. Throws what is wrong with a file. */
export function readTlsFiles({ certificate, clientKey, clientCertificate }: TlsFiles): SecureContextOptions {
  if (certificate === '' && clientKey === '') return {}
  const ca = read('CERTIFICATE', certificate, (pem) => new X509Certificate(pem))
  const key = read('CLIENT_KEY', clientKey, (pem) => createPrivateKey(pem))
  const cert = read('CLIENT_CERTIFICATE', clientCertificate, (pem) => new X509Certificate(pem))
  if (key !== undefined && cert !== undefined && !cert.parsed.checkPrivateKey(key.parsed)) {
    throw new Error(
      `OTEL_EXPORTER_OTLP_CLIENT_KEY: '${clientKey}' is not the key of the certificate '${clientCertificate}'`,
    )
  }
  return {
    ...(ca !== undefined && { ca: ca.pem }),
    ...(key !== undefined && cert !== undefined && { key: key.pem, cert: cert.pem }),
  }
}

/** Parses as well: OpenSSL passes over text that is no certificate, and would trust nobody. */
function read<T>(
  topic: string,
  file: string,
  parse: (pem: string) => T,
): { pem: string; parsed: T } | undefined {
  if (file === '') return undefined
  const variable = `OTEL_EXPORTER_OTLP_${topic}`
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`${variable}: '${file}' cannot be read: ${describeError(cause)}`)
  }
  try {
    return { pem, parsed: parse(pem) }
  } catch (cause) {
    const what = topic === 'CLIENT_KEY' ? 'private key' : 'certificate'
    throw new Error(`${variable}: '${file}' holds no ${what} in PEM: ${describeError(cause)}`)
  }
}
