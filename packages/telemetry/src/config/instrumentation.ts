/** What becomes a span by itself, and which requests do not. */

import { expect } from '../field-checks.ts'
import { type InstrumentationName, instrumentationNames, isInstrumentationName } from '../instrument/names.ts'
import type { EnvReader } from './env-reader.ts'

export interface InstrumentationFields {
  /** Undefined for all of them. */
  readonly enabledInstrumentations: readonly InstrumentationName[] | undefined
  readonly disabledInstrumentations: readonly InstrumentationName[]
  /**
   * Paths of incoming requests that are not recorded, with all that happens below them: `/health` alone, `/assets/*` for all that begins so.
   */
  readonly httpIgnorePaths: readonly string[]
}

export const instrumentationDefaults: InstrumentationFields = {
  enabledInstrumentations: undefined,
  disabledInstrumentations: [],
  httpIgnorePaths: [],
}

export function readInstrumentation(reader: EnvReader): Partial<InstrumentationFields> {
  return {
    enabledInstrumentations: readNames(reader, 'OTEL_NODE_ENABLED_INSTRUMENTATIONS'),
    disabledInstrumentations: readNames(reader, 'OTEL_NODE_DISABLED_INSTRUMENTATIONS') ?? [],
    httpIgnorePaths: readPaths(reader, 'RUSTOK_HTTP_IGNORE_PATHS'),
  }
}

function readList(reader: EnvReader, variable: string): readonly string[] | undefined {
  const parts = reader
    .text(variable)
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  return parts?.length === 0 ? undefined : parts
}

/** Names of official instrumentations that this package has none for are of no consequence, but perhaps a misunderstanding. */
function readNames(reader: EnvReader, variable: string): readonly InstrumentationName[] | undefined {
  const names = readList(reader, variable)?.map((name) => name.toLowerCase())
  const known = names?.filter(isInstrumentationName)
  for (const name of names ?? []) {
    if (isInstrumentationName(name)) continue
    reader.warnings.push(
      `${variable} names '${name}', which this package does not instrument: ignored; it knows http, ${instrumentationNames.join(', ')}`,
    )
  }
  return known
}

function readPaths(reader: EnvReader, variable: string): readonly string[] {
  const paths = readList(reader, variable) ?? []
  return paths.filter((path) => {
    const usable = isPath(path)
    if (!usable) reader.warn(variable, path, 'a path such as /health or /assets/*', 'the others')
    return usable
  })
}

/** A star stands at the end alone; queries are not looked at. */
function isPath(path: string): boolean {
  return /^\/[^*?#\s]*\*?$/.test(path)
}

export function checkInstrumentation({ httpIgnorePaths }: InstrumentationFields): void {
  for (const path of httpIgnorePaths) {
    expect(isPath(path), `httpIgnorePaths must hold paths such as /health or /assets/*, not '${path}'`)
  }
}
