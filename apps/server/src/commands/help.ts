/** What `rustok-server --help` and `rustok-server <command> --help` print. */
import { commands, type ListedCommand } from './list.ts'

export function helpText(): string {
  return `rustok-server: a multi-tenant server for content and commerce, in which every hop is traced.

Usage: rustok-server [command] [options]

${columns(Object.entries(commands).map(([name, { summary }]) => [name, summary]))}
${'`'}rustok-server <command> --help${'`'} says more of one. Settings are environment variables: ${'`'}rustok-server config${'`'} prints them all.
Exit codes: 0 done, 1 cannot do it, 2 bad command line.
`
}

export function commandHelp({ summary, usage, options, about }: ListedCommand): string {
  const forms = usage.map((form, index) => `${index === 0 ? 'Usage:' : '      '} rustok-server ${form}\n`)
  const rows = Object.entries(options ?? {})
  return [
    `${summary}.\n\n${forms.join('')}`,
    ...(rows.length === 0 ? [] : [`\n${columns(rows)}`]),
    ...(about === undefined ? [] : [`\n${about}\n`]),
  ].join('')
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('')
}
