/** Why a ClickHouse cannot be used, in the words of the settings that are to be changed. */

import { ClickHouseError } from '@clickhouse/client'
import { StartupError } from '../../startup-error.ts'
import type { ServerOptions } from './server-options.ts'

/** One line that names the server. The password is in none. */
export function startupFailure(error: unknown, options: ServerOptions): StartupError {
  if (error instanceof StartupError) return error
  const reason = engineReason(error, options) ?? connectionReason(error) ?? oneLine(messageOf(error))
  return new StartupError(`LENS_CLICKHOUSE_URL ${options.origin} cannot be used: ${reason}`, {
    cause: error,
  })
}

/** By the codes of ClickHouse's ErrorCodes.cpp. */
function engineReason(error: unknown, { user, cluster }: ServerOptions): string | undefined {
  const failure = causes(error).find((cause) => cause instanceof ClickHouseError)
  if (failure === undefined) return undefined
  const said = oneLine(failure.message)
  switch (failure.code) {
    case '192':
    case '193':
    case '194':
    case '516':
      return `it does not let the user ${user} in: check LENS_CLICKHOUSE_USER and LENS_CLICKHOUSE_PASSWORD`
    case '497':
      return `the user ${user} lacks a right, docs/SCALING.md lists those that Lens needs: ${said}`
    case '164':
      return `the user ${user} is bound to read only: ${said}`
    case '170':
      return `it knows no cluster ${cluster}: set LENS_CLICKHOUSE_CLUSTER to one of its remote_servers`
    case '139':
    case '225':
      return `it is not configured for replicated tables (docs/SCALING.md): ${said}`
    case '159':
      return `a server of the cluster does not answer in time: ${said}`
    default:
      return undefined
  }
}

/** By the codes of Node.js and OpenSSL. */
function connectionReason(error: unknown): string | undefined {
  const codes = causes(error).map((cause) => ('code' in cause ? String(cause.code) : ''))
  const code = codes.find((candidate) => /^[A-Z][A-Z_]+$/.test(candidate))
  if (code === undefined) return undefined
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its name does not resolve (${code})`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another name'
  if (/CERT|SIGNED|VERIFY/.test(code)) {
    return `its certificate is not trusted (${code}): set LENS_CLICKHOUSE_CA to a file with the one that signed it`
  }
  if (/^(EPROTO|ERR_SSL)/.test(code))
    return `it does not speak TLS there (${code}): is the port one for https?`
  if (code === 'ECONNRESET') return 'it closes the connection (ECONNRESET): is the port one for http?'
  return undefined
}

function causes(error: unknown): readonly Error[] {
  const found: Error[] = []
  for (let cause = error; cause instanceof Error && !found.includes(cause); cause = cause.cause) {
    found.push(cause)
    if (cause instanceof AggregateError) found.push(...cause.errors.filter((one) => one instanceof Error))
  }
  return found
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
