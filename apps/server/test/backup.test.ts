/** How PostgreSQL is backed up, as docs/PRODUCTION.md says, by its commands: dumped while a server runs, restored beside it, and served from there. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { contentOf as content } from './support/content-client.ts'
import {
  asSuperuser,
  binDirectory,
  type Postgres,
  type PostgresDatabase,
  startPostgres,
} from './support/postgres.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const guide = readFileSync(new URL('../../../docs/PRODUCTION.md', import.meta.url), 'utf8')
const commands = /^```sh\n(pg_dump .*?)^```$/ms.exec(guide)![1]!.trim().split('\n')

let postgres: Postgres
let original: PostgresDatabase
let server: TestServer
const directory = mkdtempSync(path.join(tmpdir(), 'rustok-backup-'))

before(async () => {
  postgres = await startPostgres()
  original = await postgres.database()
  server = await serve(original)
})
after(async () => {
  await server.stop()
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

const serve = ({ url, ownerUrl, superuserUrl }: PostgresDatabase) =>
  startTestServer({ databaseUrl: url, databaseOwnerUrl: ownerUrl }, superuserUrl)

/** A command of the guide, with the hosts and logins of this test. */
async function run(command: string, login = 'postgres'): Promise<void> {
  const superuser = new URL(original.superuserUrl)
  const ours = command
    .replaceAll('postgres://postgres@db/rustok_restored', restored(original.superuserUrl))
    .replaceAll(/postgres:\/\/postgres@db\/rustok(?= |$)/g, original.superuserUrl)
    .replaceAll('postgres@db', `postgres@${superuser.host}`)
    .replaceAll('rustok_owner', new URL(original.ownerUrl).username)
    .replaceAll('//postgres@', `//${login}@`)
  await promisify(execFile)('sh', ['-c', ours], {
    cwd: directory,
    env: { ...process.env, PATH: `${binDirectory()}:${process.env.PATH}` },
  })
}

function restored(url: string): string {
  return url.replace(/[^/]*$/, 'rustok_restored')
}

const titles = async (of: TestServer) => {
  const query = '{ nodes(first: 100) { edges { node { title } } } }'
  const { nodes } = await content(of).as<{ nodes: { edges: { node: { title: string } }[] } }>('ada', query)
  return nodes.edges.map(({ node }) => node.title)
}

test('a dump taken while the server runs starts a server elsewhere, with what was there at that moment', async () => {
  await content(server).created('ada', { title: 'Before the dump' })
  const there = await titles(server)
  await run(commands[0]!)
  await content(server).created('ada', { title: 'After the dump' })
  for (const command of commands.slice(1)) await run(command)

  const { url, ownerUrl, superuserUrl } = original
  const again = await serve({
    url: restored(url),
    ownerUrl: restored(ownerUrl),
    superuserUrl: restored(superuserUrl),
  })
  try {
    assert.deepEqual(await titles(again), there)
    await content(again).created('ada', { title: 'After the restore' })
    assert.deepEqual(await titles(again), ['After the restore', ...there])
  } finally {
    await again.stop()
  }
  // Neither knows of the other.
  assert.deepEqual(await titles(server), ['After the dump', ...there])
})

test('what is restored is dumped again to the letter: rows, policies, rights', async () => {
  await server.stop()
  await asSuperuser(original.superuserUrl, 'drop database rustok_restored')
  for (const command of commands) await run(command)
  const text = async (url: string) => {
    const { stdout } = await promisify(execFile)(path.join(binDirectory(), 'pg_dump'), [url], {
      maxBuffer: 2 ** 26,
    })
    // A key that is another for each dump.
    return stdout.replaceAll(/^\\(un)?restrict .*$/gm, '')
  }
  const dumped = await text(original.superuserUrl)
  assert.match(dumped, /^ALTER TABLE ONLY public\.nodes FORCE ROW LEVEL SECURITY;$/m)
  assert.match(dumped, /^CREATE POLICY by_tenant ON public\.nodes /m)
  assert.match(dumped, /\tBefore the dump\t/)
  assert.equal(await text(restored(original.superuserUrl)), dumped)
})

test("the tables' owner cannot dump them; a login that reads past policies can", async () => {
  const dump = commands[0]!
  await assert.rejects(
    run(dump, new URL(original.ownerUrl).username),
    /affected by row-level security policy/,
  )
  const role = /`(create role rustok_backup [^`]*)`/.exec(guide)![1]!
  await asSuperuser(original.superuserUrl, role)
  await run(dump, 'rustok_backup')
})
