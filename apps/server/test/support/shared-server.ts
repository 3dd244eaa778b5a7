/** The one server of all tests of the API in this process; starting one costs seconds. Its last importer's tests end it. */
import { after } from 'node:test'
import { startPostgres } from './postgres.ts'
import { sharedEngine } from './shared-engine.ts'
import { startTestServer } from './test-server.ts'

const postgres = sharedEngine.name === 'postgres' ? await startPostgres() : undefined
const target = await postgres?.database()

export const sharedServer = await startTestServer(
  target === undefined ? {} : { databaseUrl: target.url, databaseOwnerUrl: target.ownerUrl },
  target?.superuserUrl,
)

after(async () => {
  await sharedServer.stop()
  await postgres?.stop()
})
