/** What the package says about itself from here on, in place of what listened before. */
import { DiagLogLevel, diag } from '@opentelemetry/api'

export function listen(): readonly string[] {
  const said: string[] = []
  const say = (message: string) => void said.push(message)
  const logger = { error: say, warn: say, info: say, debug: say, verbose: say }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  return said
}
