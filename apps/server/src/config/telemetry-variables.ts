/** The variables of tracing that are set, for `rustok-server config`. @rustok/telemetry reads them, and says in the log what it could not use. */
import { masked } from './mask.ts'
import { settings } from './settings.ts'

/** Credentials of a collector stand there. */
const withSecrets = /_HEADERS$|_KEY$|TOKEN|SECRET|PASSWORD/

export function telemetryVariables(env: NodeJS.ProcessEnv) {
  const ours = new Set<string>(Object.values(settings).map(({ variable }) => variable))
  return Object.keys(env)
    .filter((variable) => /^(OTEL|RUSTOK)_/.test(variable) && !ours.has(variable.replace(/_FILE$/, '')))
    .sort()
    .flatMap((variable) => {
      const text = env[variable]?.trim() ?? ''
      const secret = withSecrets.test(variable) ? 'all' : 'url'
      return text === ''
        ? []
        : [{ variable, value: masked({ secret }, text), source: 'environment' as const }]
    })
}
