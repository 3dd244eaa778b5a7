/**
 * The API's `diag` for what this package says about itself. The logger behind it may be the application's: when it throws or rejects, a message
 * is lost, and not the batch or the request in whose midst there was something to say.
 */
import { diag as api } from '@opentelemetry/api'
import { ignoreRejection } from './ignore-rejection.ts'

type Level = 'error' | 'warn' | 'info' | 'debug' | 'verbose'

const at =
  (level: Level) =>
  (message: string, ...details: unknown[]): void => {
    try {
      ignoreRejection(api[level](message, ...details))
    } catch {
      // There is nobody left to tell.
    }
  }

export const diag = {
  error: at('error'),
  warn: at('warn'),
  info: at('info'),
  debug: at('debug'),
  verbose: at('verbose'),
}
