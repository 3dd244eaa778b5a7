/** What `rustok-server <name>` does. `list.ts` has them all; each other file beside this one is a command. */
export interface Command {
  /** What follows the name. Resolves with the exit code, or with undefined for a process that goes on until it is told to stop. */
  run(args: readonly string[]): Promise<number | undefined>
}

/** For commands that take none. */
export function refuseArguments(command: string, args: readonly string[]): void {
  if (args.length > 0) throw new UsageError(`${command} takes no arguments, it was given "${args.join(' ')}"`)
}

/** What was typed cannot be understood: `main.ts` prints it in one line and exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
