/**
 * Why the process refuses to start, as one line for the person at the terminal (one each, where several settings are wrong): it names what is
 * wrong and the variable that changes it. Thrown by config, key, lock, database and listener; `main.ts` prints it and exits with 1.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError'
  /** The environment variable to change. */
  readonly variable: string

  constructor(variable: string, message: string, options?: ErrorOptions) {
    super(`${variable}: ${message}`, options)
    this.variable = variable
  }

  /** One for several, a line each; `variable` is the first's. */
  static ofAll(first: StartupError, others: readonly StartupError[]): StartupError {
    if (others.length === 0) return first
    const all = new StartupError(first.variable, '', { cause: [first, ...others] })
    all.message = [first, ...others].map(({ message }) => message).join('\n')
    return all
  }
}

/** The `code` of a Node or Postgres error (`EADDRINUSE`, `28P01`), if it carries one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The message of whatever was thrown, on one line. */
export function errorMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replaceAll(/\s*\n\s*/g, ' ')
}
