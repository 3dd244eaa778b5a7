/** The command line: `rustok-lens [flags]`. Flags are those of config/settings.ts, and --help and --version. */

import type { Setting } from './config/setting.ts'
import type { Flags } from './config.ts'
import { StartupError } from './startup-error.ts'

/** A command line that cannot be understood: exit code 2. */
export class UsageError extends StartupError {
  override readonly exitCode = 2
}

export type FlagRow = Pick<Setting<unknown>, 'flag' | 'hint'>

export interface CommandLine {
  readonly values: Flags
  readonly help: boolean
  readonly version: boolean
}

/** `--name value`, `--name=value`, and `--name` for a switch. Given twice, the last one counts. Throws UsageError. */
export function parseFlags(words: readonly string[], rows: readonly FlagRow[]): CommandLine {
  const values = new Map<string, string>()
  let help = false
  let version = false
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const [, name, given] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? []
    if (word === '--help' || word === '-h') help = true
    else if (word === '--version' || word === '-V') version = true
    else if (name === undefined) throw unknown(word, rows)
    else {
      const row = rows.find(({ flag }) => flag === name)
      if (row === undefined) throw unknown(`--${name}`, rows)
      if (row.hint === undefined) values.set(name, given ?? 'true')
      else {
        const value = given ?? words[++index]
        if (value === undefined || (given === undefined && value.startsWith('--'))) {
          throw new UsageError(`--${name} needs a value: --${name} <${row.hint}>`)
        }
        values.set(name, value)
      }
    }
  }
  return { values, help, version }
}

function unknown(word: string, rows: readonly FlagRow[]): UsageError {
  const names = ['--help', '--version', ...rows.map(({ flag }) => `--${flag}`)]
  const near = nearest(word.startsWith('-') ? word : `--${word}`, names)
  const hint = near === undefined ? '--help lists what there is' : `did you mean ${near}?`
  return new UsageError(`there is no ${word}: ${hint}`)
}

/** The name that takes the fewest edits, if they are few for its length. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, edits: distance(word, name) }))
    .sort((left, right) => left.edits - right.edits)
  const best = ranked[0]
  return best !== undefined && best.edits <= Math.max(2, best.name.length / 4) ? best.name : undefined
}

/** Levenshtein's, one row of its matrix at a time. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
