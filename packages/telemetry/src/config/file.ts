/**
 * Declarative configuration: OTEL_CONFIG_FILE names a YAML file of the OpenTelemetry configuration schema, file format 1.x. What it says is
 * put as the variables that say the same, and read by the sections that read those, so that both have one meaning. Other variables do not
 * count then, except where the file refers to them. Called by OtelConfig.fromEnv.
 */
import type { Environment } from './env-reader.ts'
import { UnusableFileError } from './file/unusable-file-error.ts'
import { variablesOf } from './file/variables-of.ts'
import { openDocument } from './file/yaml-document.ts'
import type { ResourceAttributes } from './general.ts'

export interface ConfigurationSource {
  /** What the sections read. */
  readonly environment: Environment
  /** What no variable can say. */
  readonly fields: { readonly resourceAttributes?: ResourceAttributes }
  readonly warnings: readonly string[]
  /** What a section warns of, with the place in the file that it comes from. */
  placed(warning: string): string
}

/** The environment itself when there is no file, or none that can be used; never throws. */
export function configurationSource(env: Environment): ConfigurationSource {
  const path = env.OTEL_CONFIG_FILE?.trim()
  if (!path) return plain(env, [])
  try {
    const document = openDocument(path, env)
    const { variables, places, resourceAttributes } = variablesOf(document)
    return {
      environment: variables,
      fields: { resourceAttributes },
      warnings: document.problems,
      placed: (warning) => {
        const place = places.get(/^[A-Z][A-Z0-9_]*/.exec(warning)?.[0] ?? '')
        return place === undefined ? warning : `${place}: ${warning}`
      },
    }
  } catch (cause) {
    // Anything else that is thrown is a fault of the parser or of ours: it must not end the application.
    const why = cause instanceof UnusableFileError ? cause.message : `it cannot be read (${String(cause)})`
    const instead = 'the configuration is read from the other variables instead'
    return plain(env, [`OTEL_CONFIG_FILE='${path}' is not used: ${why}; ${instead}`])
  }
}

function plain(environment: Environment, warnings: readonly string[]): ConfigurationSource {
  return { environment, fields: {}, warnings, placed: (warning) => warning }
}
