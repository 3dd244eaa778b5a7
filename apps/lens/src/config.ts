/** Lens's configuration, from flags and the environment: the one module that reads it. config/settings.ts is the table. */

import { ExpectationError, type Setting } from './config/setting.ts'
import { type LensConfig, settings } from './config/settings.ts'
import { StartupError } from './startup-error.ts'

export type { LensConfig } from './config/settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Values by the name of their flag, without its dashes. */
export type Flags = ReadonlyMap<string, string>

/** A flag wins over its variable, and an empty value counts as absent. Throws StartupError for the first bad one. */
export function configFromEnvironment(
  environment: Environment = process.env,
  flags: Flags = new Map(),
): LensConfig {
  const read = <Value>(setting: Setting<Value>): Value | undefined => {
    const { variable, flag, otherwise, parse } = setting
    const given = flags.get(flag)
    const text = given || environment[variable] || otherwise
    if (text === undefined) return undefined
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof ExpectationError)) throw error
      const name = given ? `--${flag}` : variable
      throw new StartupError(`${name} is ${JSON.stringify(text)}: expected ${error.message}`)
    }
  }
  const values = Object.entries(settings).map(([name, setting]) => [name, read<unknown>(setting)])
  return Object.fromEntries(values) as LensConfig
}

/** What was set, by variables' names, as the log may show it: without secrets. */
export function givenSettings(environment: Environment, flags: Flags): Readonly<Record<string, string>> {
  const given: Record<string, string> = {}
  for (const { variable, flag, isSecret } of Object.values<Setting<unknown>>(settings)) {
    const text = flags.get(flag) || environment[variable]
    if (text !== undefined && text !== '') given[variable] = isSecret ? '***' : withoutPassword(text)
  }
  return given
}

/** Variables that look like settings and are none: misspelt, or of another version. Kubernetes makes some of its own for a service that is called lens. */
export function unknownVariables(environment: Environment): readonly string[] {
  const known = new Set(Object.values<Setting<unknown>>(settings).map(({ variable }) => variable))
  return Object.keys(environment).filter(
    (name) => name.startsWith('LENS_') && !known.has(name) && !/^LENS_(SERVICE|PORT)_/.test(name),
  )
}

function withoutPassword(text: string): string {
  const url = URL.parse(text)
  if (url === null || url.password === '') return text
  url.password = '***'
  return url.href
}

/** The environment for a process of ours, which finds its libraries by it. */
export function environmentWith(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...extra }
}
