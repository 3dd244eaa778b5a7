/** Every command: what its help says, and where it is. A command is loaded when it is run, so that help and mistakes are answered at once. */
import type { Command } from './command.ts'

export interface ListedCommand {
  readonly summary: string
  /** What may follow `rustok-server`, a line for each form. */
  readonly usage: readonly string[]
  /** What each option means; options of all forms together. */
  readonly options?: Readonly<Record<string, string>>
  /** A sentence or two for its own help. */
  readonly about?: string
  load(): Promise<Command>
}

export const commands: Readonly<Record<string, ListedCommand>> = {
  serve: {
    summary: 'Serve the HTTP API (the default)',
    usage: ['[serve]'],
    about:
      'Migrates the database, listens on HOST and PORT, and handles events too, unless RUSTOK_WORKERS is external. SIGTERM and SIGINT answer what is in flight, then end it.',
    load: async () => (await import('./serve.ts')).serve,
  },
  worker: {
    summary: 'Move and handle events, in a process beside those that serve',
    usage: ['worker'],
    about:
      'Health and metrics are on RUSTOK_WORKER_PORT. The servers beside it have RUSTOK_WORKERS=external.',
    load: async () => (await import('./worker.ts')).worker,
  },
  migrate: {
    summary: 'Bring the database to this version',
    usage: ['migrate [--status | --dry-run]'],
    options: {
      '--status': 'list what is missing, change nothing; exit code 1 when something is',
      '--dry-run': 'the same, with exit code 0',
    },
    load: async () => (await import('./migrate.ts')).migrate,
  },
  seed: {
    summary: 'Add the demo: tenants, people, products and texts',
    usage: ['seed [--production]'],
    options: { '--production': 'where NODE_ENV is production, too: everybody knows the passwords' },
    about:
      'Migrates the database first. As many tenants as RUSTOK_DEMO_TENANTS; what is there already stays as it is. Prints who can sign in.',
    load: async () => (await import('./seed.ts')).seed,
  },
  config: {
    summary: 'Print every setting, its value and where it comes from',
    usage: ['config [--json]'],
    options: { '--json': 'as JSON, for programs' },
    about:
      'Passwords and secrets are not shown. Exit code 1 when the server would not start with them, and what is wrong on standard error.',
    load: async () => (await import('./config.ts')).config,
  },
  events: {
    summary: 'List dead letters and hand them to their handlers again',
    usage: [
      'events dead-letters [--handler name] [--id event] [--since time] [--limit n] [--json]',
      'events replay (--handler name | --id event | --since time) [--dry-run]',
    ],
    options: {
      '--handler': 'of this handler',
      '--id': 'of this event',
      '--since': 'dead since, as 2026-11-22T10:00:00Z',
      '--limit': 'lines at most (50)',
      '--json': 'as JSON, a line each',
      '--dry-run': 'count what would be replayed',
    },
    load: async () => (await import('./events.ts')).events,
  },
  keys: {
    summary: 'Rotate the keys that sign tokens, or list them',
    usage: ['keys rotate', 'keys list'],
    about:
      '`rotate` writes a new key, which running servers take up, and removes those whose tokens have all expired.',
    load: async () => (await import('./keys.ts')).keys,
  },
}
