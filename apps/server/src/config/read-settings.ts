/** Reads every setting of the table, and keeps what was wrong beside it: whoever mends one wants to know of all. */
import { readFileSync } from 'node:fs'
import { errorMessage, StartupError } from '../errors.ts'
import { ExpectationError, type Given, type Setting } from './setting.ts'
import { type SettingValues, settings } from './settings.ts'

export interface SettingState {
  readonly setting: Setting<unknown>
  /** The text that it was read from; undefined when there is none. */
  readonly text: string | undefined
  readonly source: 'default' | 'environment' | 'file'
  readonly value: unknown
}

export interface ReadSettings {
  readonly values: SettingValues
  readonly states: readonly SettingState[]
  readonly problems: readonly StartupError[]
}

export function readSettings(env: NodeJS.ProcessEnv): ReadSettings {
  const problems: StartupError[] = []
  const given: Given = (variable) => env[variable]?.trim() || undefined
  const states = Object.entries(settings).map(
    ([name, setting]: [string, Setting<unknown>]): [string, SettingState] => {
      try {
        return [name, readSetting(setting, given)]
      } catch (error) {
        if (!(error instanceof StartupError)) throw error
        problems.push(error)
        // What is wrong is shown as it was written, but where it might be a secret.
        const text = setting.secret === undefined ? given(setting.variable) : undefined
        return [name, { setting, text, source: 'environment', value: undefined }]
      }
    },
  )
  const values = Object.fromEntries(states.map(([name, { value }]) => [name, value])) as SettingValues
  return { values, states: states.map(([, state]) => state), problems: [...problems, ...together(given)] }
}

function readSetting(setting: Setting<unknown>, given: Given): SettingState {
  const { variable, otherwise, secret } = setting
  const text = given(variable)
  const file = secret === undefined ? undefined : given(`${variable}_FILE`)
  if (text !== undefined && file !== undefined) {
    throw new StartupError(variable, `${variable}_FILE is set as well: unset one of the two`)
  }
  if (text !== undefined) return { setting, text, source: 'environment', value: parsed(setting, text) }
  if (file !== undefined) {
    const read = contentOf(`${variable}_FILE`, file)
    return { setting, text: read, source: 'file', value: parsed(setting, read) }
  }
  const standing = typeof otherwise === 'function' ? otherwise(given) : otherwise
  const value = standing === undefined ? undefined : parsed(setting, standing)
  return { setting, text: standing, source: 'default', value }
}

function parsed({ variable, parse }: Setting<unknown>, text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof ExpectationError)) throw error
    throw new StartupError(variable, error.message)
  }
}

/** As secrets are mounted into containers, often with a line's end that is none of theirs. */
function contentOf(variable: string, file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new StartupError(variable, `cannot read "${file}": ${errorMessage(error)}`, { cause: error })
  }
  if (text === '') throw new StartupError(variable, `"${file}" is empty`)
  return text
}

/** What each of two settings is fine with, but not both. */
function together(given: Given): readonly StartupError[] {
  const has = (variable: string) => (given(variable) ?? given(`${variable}_FILE`)) !== undefined
  const problems: StartupError[] = []
  if (has('RUSTOK_JWT_SECRET') && has('RUSTOK_JWT_KEYS')) {
    problems.push(
      new StartupError('RUSTOK_JWT_KEYS', 'RUSTOK_JWT_SECRET is set as well: unset one of the two'),
    )
  }
  if (has('NATS_CERT') !== has('NATS_KEY')) {
    const missing = has('NATS_KEY') ? 'NATS_CERT' : 'NATS_KEY'
    problems.push(new StartupError(missing, 'NATS_CERT and NATS_KEY go together'))
  }
  const signed = ['RUSTOK_WEBHOOK_URL', 'RUSTOK_RESET_WEBHOOK_URL'].find(has)
  if (signed !== undefined && !has('RUSTOK_WEBHOOK_SECRET')) {
    problems.push(new StartupError('RUSTOK_WEBHOOK_SECRET', `${signed} needs it, to sign with`))
  }
  return problems
}
