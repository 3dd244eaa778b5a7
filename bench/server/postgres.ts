/**
 * A PostgreSQL of the bench's own, from Debian's package, in a directory that goes with it; undefined where there is none, and then the servers
 * have theirs embedded. It does not wait for the disk, so that processors are what is busy: the harder case for tracing, and the steadier one.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'

const packages = '/usr/lib/postgresql'
/** Of the socket's file, which is all that it listens on. */
const port = '5432'
/** As the server's README has it: one role each for tenants' work, for what has no tenant, and a login that may be both. */
const roles = `create role rustok_app; create role rustok_system;
  create role rustok_owner login;
  create role rustok_server login noinherit in role rustok_app, rustok_system`

/** The two logins that a server needs, as its variables name them. */
export interface DatabaseUrls {
  readonly DATABASE_URL: string
  readonly DATABASE_OWNER_URL: string
}

export class Postgres implements AsyncDisposable {
  /** `PostgreSQL 17.6` */
  readonly version: string
  readonly #bin: string
  readonly #directory: string
  readonly #process: ChildProcess

  private constructor(bin: string, directory: string, process: ChildProcess) {
    this.#bin = bin
    this.#directory = directory
    this.#process = process
    this.version = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).replace(
      /^postgres \((\w+)\) (\S+).*$/s,
      '$1 $2',
    )
  }

  static async start(): Promise<Postgres | undefined> {
    const [newest] = existsSync(packages)
      ? readdirSync(packages).toSorted((a, b) => Number(b) - Number(a))
      : []
    if (newest === undefined) return undefined
    const bin = join(packages, newest, 'bin')
    const directory = mkdtempSync(join(tmpdir(), 'rustok-bench-'))
    const user = unprivilegedUser()
    if (user !== undefined) chownSync(directory, user.uid, user.gid)
    chmodSync(directory, 0o700)
    const data = join(directory, 'data')
    const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8']
    execFileSync(join(bin, 'initdb'), initdb, { ...user, cwd: directory, stdio: 'pipe' })
    const settings = [
      'listen_addresses=',
      `unix_socket_directories=${directory}`,
      `port=${port}`,
      'fsync=off',
    ]
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
    const identity =
      user === undefined ? [] : ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups']
    // It ends with the bench, however that ends.
    const launched = [...identity, '--pdeathsig', 'QUIT', join(bin, 'postgres'), ...args]
    const server = spawn('setpriv', launched, { cwd: directory, stdio: 'ignore' })
    const postgres = new Postgres(bin, directory, server)
    await postgres.#answering()
    await postgres.#run('postgres', roles)
    return postgres
  }

  /** A new, empty one. */
  async database(name: string): Promise<DatabaseUrls> {
    await this.#run('postgres', `create database ${name} owner rustok_owner`)
    const url = (login: string) =>
      `postgres://${login}@localhost/${name}?host=${encodeURIComponent(this.#directory)}&port=${port}`
    return { DATABASE_URL: url('rustok_server'), DATABASE_OWNER_URL: url('rustok_owner') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit')
      // Fast: it ends its sessions and keeps what they committed.
      this.#process.kill('SIGINT')
      await exited
    }
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #answering(): Promise<void> {
    for (;;) {
      if (this.#process.exitCode !== null) throw new Error(`postgres exited with ${this.#process.exitCode}`)
      try {
        await this.#run('postgres', 'select 1')
        return
      } catch {
        await setTimeout(50)
      }
    }
  }

  async #run(database: string, sql: string): Promise<void> {
    const options = ['-h', this.#directory, '-p', port, '-U', 'postgres', '-d', database]
    await promisify(execFile)(join(this.#bin, 'psql'), [...options, '-v', 'ON_ERROR_STOP=1', '-c', sql])
  }
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (option: string) => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
