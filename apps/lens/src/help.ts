/** What `rustok-lens --help` prints: the table of settings, for a terminal. */

import type { Setting } from './config/setting.ts'
import { settings } from './config/settings.ts'

const width = 100
const indent = ' '.repeat(6)

export function helpText(): string {
  return `rustok-lens: a trace backend in one process. OTLP in, ClickHouse inside, a web UI and Jaeger's query API.

Usage: rustok-lens [flags]
       rustok-lens token [flags]   makes an access token; \`rustok-lens token --help\` says how

Each flag stands for a variable, and wins over it:

${Object.values(settings).map(flagHelp).join('\n')}
  -h, --help
  -V, --version

It prints a line of JSON with "msg":"ready" and its addresses when it is ready. SIGTERM and SIGINT store and answer what is in
flight, then end it; SIGHUP reads the file of tokens again. Exit codes: 0 stopped, 1 cannot start, 2 bad command line.
`
}

function flagHelp(setting: Setting<unknown>): string {
  const { flag, hint, variable, meaning } = setting
  const head = `  --${flag}${hint === undefined ? '' : ` <${hint}>`}`
  const stands = `[${variable}, default ${defaultWords(setting)}]`.replaceAll('`', '')
  return `${head}\n${wrapped(meaning.replaceAll('`', ''))}${indent}${stands}\n`
}

/** As README.md's table has it. */
export function defaultWords({ otherwise, otherwiseWords }: Setting<unknown>): string {
  return otherwiseWords ?? (otherwise === undefined ? 'none' : `\`${otherwise}\``)
}

function wrapped(text: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (indent.length + line.length + word.length + 1 > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.map((line) => `${indent}${line}\n`).join('')
}
