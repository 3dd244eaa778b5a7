/** `rustok-server seed`: the demo's tenants, people, products and texts, for a server that runs without RUSTOK_DEMO or on a database prepared ahead. */
import { readConfig } from '../config.ts'
import { migrate } from '../db/migrate.ts'
import { openDatabase } from '../db/open-database.ts'
import { TenantDatabase } from '../db/tenant-database.ts'
import { countDemo, type DemoCounts } from '../demo/count-demo.ts'
import { demoEmail, demoPassword, demoTenants } from '../demo/demo-data.ts'
import { seedDemo } from '../demo/seed-demo.ts'
import { outbox } from '../events/outbox/outbox.ts'
import { PasswordHasher } from '../identity/passwords.ts'
import { type Command, UsageError } from './command.ts'

export const seed: Command = {
  async run(args) {
    const [option, ...rest] = args
    if (rest.length > 0 || (option !== undefined && option !== '--production')) {
      throw new UsageError('seed takes --production, or nothing')
    }
    const config = readConfig(process.env)
    if (config.production && option === undefined) {
      throw new UsageError(
        'everybody knows the passwords of the demo, and NODE_ENV is production: --production seeds it all the same',
      )
    }
    const tenants = demoTenants(config.demoTenants)
    const { databaseUrl, databaseOwnerUrl: ownerUrl, dataDir } = config
    const database = await openDatabase({ databaseUrl, ownerUrl, dataDir })
    try {
      await database.asOwner(migrate)
      const door = new TenantDatabase(database.access, outbox)
      const before = await countDemo(door, tenants)
      await seedDemo(door, new PasswordHasher(), tenants)
      process.stdout.write(`${added(before, await countDemo(door, tenants))}\n`)
    } finally {
      await database.close()
    }
    const people = tenants.flatMap(({ id, users }) =>
      users.map((user) => [id, user.role, demoEmail(user.id, id), demoPassword(user.id)] as const),
    )
    process.stdout.write(`\n${columns([['tenant', 'role', 'e-mail', 'password'], ...people])}`)
    return 0
  },
}

function added(before: DemoCounts, after: DemoCounts): string {
  const parts = Object.entries(after).flatMap(([what, count]) => {
    const more = count - before[what as keyof DemoCounts]
    return more > 0 ? [`${more} ${what}`] : []
  })
  return parts.length === 0 ? 'Nothing to add: all of it is there.' : `Added ${parts.join(', ')}.`
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
