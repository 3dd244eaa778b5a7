#!/usr/bin/env node
/** The process: finds the command, and says in one line what its user can mend. `commands/` has what each does. */
import { type Command, UsageError } from './commands/command.ts'
import { events } from './commands/events.ts'
import { keys } from './commands/keys.ts'
import { migrate } from './commands/migrate.ts'
import { serve } from './commands/serve.ts'
import { worker } from './commands/worker.ts'
import { StartupError } from './errors.ts'

const COMMANDS: readonly Command[] = [serve, worker, migrate, events, keys]

// A reader of our output that goes away must not take a shutdown with it.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const [name = serve.name, ...args] = process.argv.slice(2)

try {
  const exitCode = await runCommand()
  if (exitCode !== undefined) process.exit(exitCode)
} catch (error) {
  if (!(error instanceof StartupError || error instanceof UsageError)) throw error
  process.stderr.write(`rustok-server: ${error.message}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}

async function runCommand(): Promise<number | undefined> {
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help())
    return 0
  }
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (command === undefined) {
    const known = COMMANDS.map((candidate) => candidate.name).join(', ')
    throw new UsageError(`there is no command "${name}", there are: ${known}`)
  }
  return command.run(args)
}

function help(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length))
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: rustok-server [command] [options]\n\n${lines.join('\n')}\n\nSettings are environment variables: see the README.\n`
}
