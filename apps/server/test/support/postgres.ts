/**
 * A real PostgreSQL server from Debian's package, in a directory of its own, run by an unprivileged user: what PGlite cannot show
 * (many connections, logins, restarts) is tested on it. It ends with `stop`, and with the process that started it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'

export interface PostgresDatabase {
  /** Of a login that may do nothing but work as `rustok_app` and `rustok_system`. */
  readonly url: string
  /** Of the login that owns the tables, no superuser. */
  readonly ownerUrl: string
  /** Of the superuser, to look behind the scenes and to break things. */
  readonly superuserUrl: string
}

export interface Postgres {
  /** A new, empty database with its own owner. */
  database(): Promise<PostgresDatabase>
  /** SIGKILLs it with all its backends, as a crash would. It stays down until `start`. */
  crash(): Promise<void>
  /** Ends it in order: `fast` terminates the sessions. */
  shutDown(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<Postgres> {
  const bin = binDirectory()
  const directory = mkdtempSync(path.join(tmpdir(), 'rustok-postgres-'))
  const user = unprivilegedUser()
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  chmodSync(directory, 0o700)
  const data = path.join(directory, 'data')
  const asUser = user === undefined ? {} : { uid: user.uid, gid: user.gid }
  execFileSync(
    path.join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C.UTF-8'],
    {
      ...asUser,
      cwd: directory,
      stdio: 'pipe',
    },
  )
  const port = await freePort()
  const urlOf = (login: string, database: string) => `postgres://${login}@127.0.0.1:${port}/${database}`
  const options = Object.entries({
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`])

  let child: ChildProcess | undefined
  let created = 0

  const start = async () => {
    const identity =
      user === undefined ? [] : ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups']
    child = spawn(
      'setpriv',
      [...identity, '--pdeathsig', 'QUIT', path.join(bin, 'postgres'), '-D', data, ...options],
      {
        cwd: directory,
        stdio: 'ignore',
      },
    )
    await answering(urlOf('postgres', 'postgres'), child)
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  await start()
  await asSuperuser(urlOf('postgres', 'postgres'), 'create role rustok_app; create role rustok_system')

  return {
    async database() {
      const serial = created++
      const [name, owner, login] = [`rustok_${serial}`, `owner_${serial}`, `login_${serial}`]
      const superuserUrl = urlOf('postgres', name)
      await asSuperuser(urlOf('postgres', 'postgres'), `create role ${owner} login`)
      await asSuperuser(
        urlOf('postgres', 'postgres'),
        `create role ${login} login noinherit in role rustok_app, rustok_system`,
      )
      await asSuperuser(urlOf('postgres', 'postgres'), `create database ${name} owner ${owner}`)
      return { url: urlOf(login, name), ownerUrl: urlOf(owner, name), superuserUrl }
    },
    crash: () => end('SIGQUIT'),
    shutDown: () => end('SIGINT'),
    start,
    async stop() {
      await end('SIGQUIT')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Runs statements on a connection of its own. */
export async function asSuperuser(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}

/** Debian has a directory of programs for each major version; the newest. */
export function binDirectory(): string {
  const versions = readdirSync('/usr/lib/postgresql').toSorted((a, b) => Number(b) - Number(a))
  return path.join('/usr/lib/postgresql', versions[0]!, 'bin')
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (option: string) => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`postgres exited with ${child.exitCode}`)
    try {
      await asSuperuser(url, 'select 1')
      return
    } catch {
      await setTimeout(30)
    }
  }
}
