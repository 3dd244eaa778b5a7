/** `rustok-server config`: every setting with its value and where it comes from, before anything is opened or started. */
import { masked } from '../config/mask.ts'
import { misspelled } from '../config/misspelled.ts'
import { readSettings, type SettingState } from '../config/read-settings.ts'
import { telemetryVariables } from '../config/telemetry-variables.ts'
import { type Command, UsageError } from './command.ts'

interface Line {
  readonly variable: string
  /** As the server understands it; null for none. */
  readonly value: string | null
  readonly source: SettingState['source']
}

export const config: Command = {
  async run(args) {
    const [format, ...rest] = args
    if (rest.length > 0 || (format !== undefined && format !== '--json')) {
      throw new UsageError('config takes --json, or nothing')
    }
    const { states, problems } = readSettings(process.env)
    const lines = [...states.map(lineOf), ...telemetryVariables(process.env)]
    process.stdout.write(format === '--json' ? `${JSON.stringify(lines, undefined, 2)}\n` : table(lines))
    for (const { variable, meant } of misspelled(process.env)) {
      process.stderr.write(`rustok-server: ${variable} is no setting, did you mean ${meant}?\n`)
    }
    for (const { message } of problems) process.stderr.write(`rustok-server: ${message}\n`)
    return problems.length > 0 ? 1 : 0
  },
}

function lineOf({ setting, text, source, value }: SettingState): Line {
  const { variable } = setting
  if (text === undefined) return { variable, value: null, source }
  const shown = setting.secret === undefined ? String(value ?? text) : masked(setting, text)
  return { variable, value: shown === '' ? null : shown, source }
}

function table(lines: readonly Line[]): string {
  const rows = lines.map(({ variable, value, source }) => [variable, value ?? '–', source] as const)
  const widthOf = (column: 0 | 1) => Math.min(60, Math.max(...rows.map((row) => row[column].length)))
  const [first, second] = [widthOf(0), widthOf(1)]
  return rows
    .map(([variable, value, source]) => `${variable.padEnd(first)}  ${value.padEnd(second)}  ${source}\n`)
    .join('')
}
