/** The command line of a script: `--help` prints its help, and what it does not know ends it with one line. */
import { type ParseArgsConfig, parseArgs } from 'node:util'

type Parsed<T extends ParseArgsConfig> = ReturnType<typeof parseArgs<T>>

/** `npm run command -- --flag`: `command` begins the message about a bad flag. Exits with 2 on misuse, as shells do. */
export function readArguments<const T extends ParseArgsConfig>(
  command: string,
  help: string,
  config: T,
): Parsed<T> {
  const options = { ...config.options, help: { type: 'boolean', short: 'h' } } as const
  try {
    const parsed = parseArgs({ ...config, options })
    if (!('help' in parsed.values)) return parsed as unknown as Parsed<T>
  } catch (error) {
    // The rest of Node's message is about arguments that begin with a dash; there are none here.
    const [sentence] = (error as Error).message.split('. ')
    refuse(command, `${sentence}; try --help`)
  }
  process.stdout.write(`${help.trim()}\n`)
  process.exit(0)
}

export function refuse(command: string, message: string): never {
  process.stderr.write(`${command}: ${message}\n`)
  process.exit(2)
}
