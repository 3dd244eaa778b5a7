/** `rustok-server migrate`: brings the database's schema to this version ahead of a roll-out, or says what that would do. */
import { readConfig } from '../config.ts'
import { migrate as applyAll, pendingMigrations } from '../db/migrate.ts'
import { openDatabase } from '../db/open-database.ts'
import { type Command, UsageError } from './command.ts'

const LOOKS = ['--status', '--dry-run']

export const migrate: Command = {
  async run(args) {
    const [option, ...rest] = args
    if (rest.length > 0 || (option !== undefined && !LOOKS.includes(option))) {
      throw new UsageError(`migrate takes one of: ${LOOKS.join(', ')}`)
    }
    const { databaseUrl, databaseOwnerUrl: ownerUrl, dataDir } = readConfig(process.env)
    const database = await openDatabase({ databaseUrl, ownerUrl, dataDir })
    try {
      const names = await database.asOwner(option === undefined ? applyAll : pendingMigrations)
      const verb = option === undefined ? 'applied' : 'missing'
      for (const name of names) process.stdout.write(`${verb} ${name}\n`)
      if (names.length === 0) process.stdout.write('the database is up to date\n')
      return option === '--status' && names.length > 0 ? 1 : 0
    } finally {
      await database.close()
    }
  },
}
