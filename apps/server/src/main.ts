#!/usr/bin/env node
/** The process: finds the command, and says in a line what its user can mend. `commands/` has what each does. */
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from './commands/command.ts'
import { commandHelp, helpText } from './commands/help.ts'
import { commands, type ListedCommand } from './commands/list.ts'
import { nearest } from './domain/nearest.ts'
import { StartupError } from './errors.ts'
import { type ErrorReport, tellError } from './telling/tell-error.ts'

// A reader of our output that goes away must not take a shutdown with it.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

// Compiled code is kept between starts, in the user's own directory: what lies in /tmp, others could have put there. Where it cannot be written, nothing is kept.
enableCompileCache(join(homedir(), '.cache', 'rustok-server'))

const [name = 'serve', ...args] = process.argv.slice(2)

try {
  const exitCode = await runCommand()
  if (exitCode !== undefined) process.exit(exitCode)
} catch (error) {
  if (!(error instanceof StartupError || error instanceof UsageError)) crash(error)
  for (const line of error.message.split('\n')) process.stderr.write(`rustok-server: ${line}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}

/** What nobody has foreseen; Node would print all that the error carries, rows and settings with it. */
function crash(error: unknown): never {
  for (let report: ErrorReport | undefined = tellError(error); report !== undefined; report = report.cause) {
    const { stack = report.message, code } = report
    process.stderr.write(`rustok-server: ${code === undefined ? '' : `${code} `}${stack}\n`)
  }
  process.exit(1)
}

async function runCommand(): Promise<number | undefined> {
  if (isHelp(name) || name === 'help') {
    process.stdout.write(helpText())
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    const known = Object.keys(commands)
    throw new UsageError(`there is no command "${name}"${hint(name, known)} (there are: ${known.join(', ')})`)
  }
  if (args.some(isHelp)) {
    process.stdout.write(commandHelp(command))
    return 0
  }
  refuseUnknownOptions(command)
  return (await command.load()).run(args)
}

function refuseUnknownOptions({ options = {} }: ListedCommand): void {
  const known = Object.keys(options)
  for (const argument of args) {
    const [option = ''] = argument.split('=')
    if (!option.startsWith('--') || known.includes(option)) continue
    throw new UsageError(`${name} has no option ${option}${hint(option, known)}`)
  }
}

function hint(typed: string, known: readonly string[]): string {
  const meant = nearest(typed, known)
  return meant === undefined ? '' : `, did you mean ${meant}?`
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h'
}
