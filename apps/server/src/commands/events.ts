/** `rustok-server events dead-letters|replay`: looks at what handlers have given up on, and hands it to them again. */
import { parseArgs } from 'node:util'
import { readConfig } from '../config.ts'
import { openDatabase } from '../db/open-database.ts'
import { TenantDatabase } from '../db/tenant-database.ts'
import { isUuid } from '../domain/uuid.ts'
import {
  countDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
  listDeadLetters,
  replayDeadLetters,
} from '../events/delivery/dead-letters.ts'
import { outbox } from '../events/outbox/outbox.ts'
import { type Command, UsageError } from './command.ts'

const LIMIT = '50'

export const events: Command = {
  async run([action, ...args]) {
    switch (action) {
      case 'dead-letters':
        return list(args)
      case 'replay':
        return replay(args)
      case undefined:
        throw new UsageError('events takes one of: dead-letters, replay')
      default:
        throw new UsageError(`events has no "${action}", it has dead-letters and replay`)
    }
  },
}

const FILTER = {
  handler: { type: 'string' },
  id: { type: 'string' },
  since: { type: 'string' },
} as const

async function list(args: readonly string[]): Promise<number> {
  const options = { ...FILTER, limit: { type: 'string' }, json: { type: 'boolean' } } as const
  const { values } = parse(() => parseArgs({ args: [...args], options }))
  const limit = Number(values.limit ?? LIMIT)
  if (!Number.isInteger(limit) || limit < 1)
    throw new UsageError(`--limit: "${values.limit}" is no number of lines`)
  const filter = filterOf(values)
  const { letters, total } = await withTenants(async (tenants) =>
    tenants.system('dead letters', async (trx) => ({
      letters: await listDeadLetters(trx, filter, limit),
      total: await countDeadLetters(trx, filter),
    })),
  )
  for (const letter of letters)
    process.stdout.write(values.json ? `${JSON.stringify(letter)}\n` : lineOf(letter))
  const shown = letters.length < total ? `${letters.length} of ${total}` : String(total)
  process.stderr.write(`${shown} dead letter${total === 1 ? '' : 's'}\n`)
  return 0
}

async function replay(args: readonly string[]): Promise<number> {
  const options = { ...FILTER, 'dry-run': { type: 'boolean' } } as const
  const { values } = parse(() => parseArgs({ args: [...args], options }))
  const filter = filterOf(values)
  if (Object.values(filter).every((value) => value === undefined)) {
    throw new UsageError('events replay needs --handler, --id or --since, to say which')
  }
  const dry = values['dry-run'] === true
  const count = await withTenants((tenants) =>
    tenants.system('replay', (trx) => (dry ? countDeadLetters(trx, filter) : replayDeadLetters(trx, filter))),
  )
  const what = `${count} dead letter${count === 1 ? '' : 's'}`
  process.stdout.write(dry ? `${what} would be replayed\n` : `${what} handed to the handlers again\n`)
  return 0
}

function filterOf(values: { handler?: string; id?: string; since?: string }): DeadLetterFilter {
  const { handler, id, since } = values
  if (id !== undefined && !isUuid(id)) throw new UsageError(`--id: "${id}" is not the id of an event`)
  const time = since === undefined ? undefined : new Date(since)
  if (time !== undefined && Number.isNaN(time.getTime())) {
    throw new UsageError(`--since: "${since}" is not a time (2026-11-22T10:00:00Z)`)
  }
  return { handler, eventId: id, since: time }
}

function lineOf({ deadAt, handler, eventId, tenantId, type, subject, attempts, error }: DeadLetter): string {
  const what = `${deadAt.toISOString()}  ${handler}  ${eventId}  ${tenantId}  ${type}  ${subject}`
  return `${what}  after ${attempts} attempts: ${error}\n`
}

/** parseArgs throws for what it does not know. */
function parse<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** The database as it is: no migration, nothing else is opened. */
async function withTenants<T>(work: (tenants: TenantDatabase) => Promise<T>): Promise<T> {
  const { databaseUrl, dataDir } = readConfig(process.env)
  const database = await openDatabase({ databaseUrl, dataDir })
  try {
    return await work(new TenantDatabase(database.access, outbox))
  } finally {
    await database.close()
  }
}
