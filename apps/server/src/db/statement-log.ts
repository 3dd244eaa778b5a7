/** Tells Kysely's log hook (that is: tracing) of a statement, as Kysely itself would; engines call it around what they send. */
import type { CompiledQuery, Logger } from 'kysely'

export async function logged<T>(
  log: Logger | undefined,
  query: CompiledQuery,
  send: () => Promise<T>,
): Promise<T> {
  if (log === undefined) return send()
  const started = performance.now()
  try {
    const result = await send()
    log({ level: 'query', query, queryDurationMillis: performance.now() - started })
    return result
  } catch (error) {
    log({ level: 'error', error, query, queryDurationMillis: performance.now() - started })
    throw error
  }
}
