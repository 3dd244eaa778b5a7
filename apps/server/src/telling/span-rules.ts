/**
 * What spans may say beyond the rules that telemetry has for any application: texts of errors as in the log, paths only as far as they are
 * ours, and of addresses that are called no more than whose they are.
 */
import { OtelConfig, type RedactionRule } from '@rustok/telemetry'
import { tellStack } from './tell-error.ts'
import { tell, WITHHELD } from './told.ts'

/** The settings of telemetry with the server's rules. `RUSTOK_REDACTION=false` switches both off. */
export function telemetrySettings(settings: OtelConfig = OtelConfig.fromEnv()): OtelConfig {
  if (!settings.redaction) return settings
  return new OtelConfig({ ...settings, redactionRules: [...settings.redactionRules, ...spanRules] })
}

function texts(change: (text: string) => string): NonNullable<RedactionRule['redact']> {
  return (value) => (typeof value === 'string' ? change(value) : WITHHELD)
}

const spanRules: readonly RedactionRule[] = [
  { attribute: 'exception.message', redact: texts(tell) },
  { attribute: 'error.message', redact: texts(tell) },
  { attribute: 'otel.status_description', redact: texts(tell) },
  { attribute: 'exception.stacktrace', redact: texts((stack) => tellStack(stack)) },
  { attribute: 'url.query' },
  { attribute: 'url.path', redact: texts(knownPath) },
  { attribute: 'url.full', redact: texts(originOf) },
]

const PATHS: ReadonlySet<string> = new Set(['/graphql', '/health/live', '/health/ready', '/metrics'])

/** Others are of clients' making, and may hold anything; the route's template is beside it. */
function knownPath(path: string): string {
  return PATHS.has(path) ? path : WITHHELD
}

/** The way to somebody's webhook is often all that protects it. */
function originOf(url: string): string {
  const { origin } = URL.parse(url) ?? {}
  return origin === undefined ? WITHHELD : `${origin}/${WITHHELD}`
}
