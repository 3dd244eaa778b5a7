/** Which headers come in and go out (OTEL_PROPAGATORS). */
import type { EnvReader } from './env-reader.ts'

export type Propagator = 'tracecontext' | 'baggage'

export interface PropagationFields {
  readonly propagators: readonly Propagator[]
}

export const propagationDefaults: PropagationFields = { propagators: ['tracecontext', 'baggage'] }

export function readPropagation(reader: EnvReader): Partial<PropagationFields> {
  const value = reader.text('OTEL_PROPAGATORS')
  if (value === undefined) return {}
  const names = new Set(value.split(',').map((name) => name.trim().toLowerCase()))
  names.delete('')
  if (names.has('none')) return { propagators: [] }
  const known = [...names].filter((name) => name === 'tracecontext' || name === 'baggage')
  const propagators = known.length === 0 ? propagationDefaults.propagators : known
  for (const name of names) {
    if (name === 'tracecontext' || name === 'baggage') continue
    reader.warn('OTEL_PROPAGATORS', name, 'tracecontext, baggage or none', propagators.join(','))
  }
  return { propagators }
}
