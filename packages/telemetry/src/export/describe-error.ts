/** Errors of connections as one line for people, with a hint where the system's own words need one. */

interface SystemError extends Error {
  readonly code?: string
  readonly errors?: readonly Error[]
}

const hints: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS on this port',
  ERR_HTTP2_ERROR: 'it does not speak HTTP/2 in plain text on this port',
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, code, errors } = error as SystemError
  // One attempt for each address of a name: only together they say why it failed.
  if (message === '' && errors !== undefined) return errors.map(describeError).join(', ')
  const hint = code === undefined ? undefined : hints[code]
  return hint === undefined ? message || (code ?? error.name) : `${hint} (${message})`
}
