/**
 * A ClickHouse as far as its HTTP(S) interface goes: users, rights, errors and their codes as a server answers them, around the real engine, which
 * runs the statements. For what no embedded engine has: a network between, log-ins, a cluster.
 *
 *   Lens ── HTTP(S) ──▶ this: user? right? fault? ── Unix socket ──▶ engine's process (chDB)
 *
 * With `cluster`, the engine is a cluster of two shards that both are itself: Distributed tables are real and read every row twice, once a shard.
 * There is no ON CLUSTER without a Keeper of its own, and a Replicated table in it takes no rows: those words are taken out.
 */

import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pino } from 'pino'
import { EngineProcess } from '../../src/store/embedded/engine-process.ts'
import { Inbox } from '../../src/store/embedded/inbox.ts'
import type { SocketAddress } from '../../src/store/embedded/socket-transport.ts'
import { insertFromFile } from '../../src/store/embedded/statement.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

export interface User {
  readonly password: string
  /** Statements that it may not run. */
  readonly denied?: RegExp
}

/** What happens to a request instead of an answer, or on its way. */
export type Fault =
  | { readonly type: 'error'; readonly code: number; readonly name: string; readonly message: string }
  /** The connection ends before the statement reaches the engine. */
  | { readonly type: 'reset' }
  /** The engine runs the statement, and the connection ends before, or within, its answer. */
  | { readonly type: 'lost'; readonly afterBytes: number }
  | { readonly type: 'slow'; readonly until: Promise<unknown> }

export interface Received {
  readonly statement: string
  readonly settings: URLSearchParams
  readonly user: string
}

export interface ServerOptions {
  readonly users?: Readonly<Record<string, User>>
  readonly tls?: { readonly key: string; readonly cert: string }
  readonly cluster?: string
}

const anybody: Readonly<Record<string, User>> = { default: { password: '' } }

export class ClickHouseServer implements AsyncDisposable {
  readonly received: Received[] = []
  /** What `SELECT version()` says instead of the engine's own. */
  version: string | undefined
  readonly #options: ServerOptions
  readonly #directory: TemporaryDirectory
  readonly #engine: EngineProcess
  readonly #server: ReturnType<typeof createServer>
  #faults: { readonly statement: RegExp; readonly fault: Fault; times: number }[] = []

  private constructor(options: ServerOptions, directory: TemporaryDirectory, engine: EngineProcess) {
    this.#options = options
    this.#directory = directory
    this.#engine = engine
    const { tls } = options
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch(() => response.destroy())
    }
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
    this.#server.maxHeadersCount = 0
  }

  static async start(options: ServerOptions = {}): Promise<ClickHouseServer> {
    const directory = await TemporaryDirectory.create()
    const configFile = options.cluster === undefined ? undefined : join(directory.path, 'config.xml')
    if (configFile !== undefined) await writeFile(configFile, twoShards(options.cluster ?? ''))
    const engine = await EngineProcess.start(directory.path, pino({ level: 'silent' }), configFile)
    const server = new ClickHouseServer(options, directory, engine)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  /** Of the engine itself: past log-ins, faults and whatever is taken out of statements. */
  get engine(): SocketAddress {
    return this.#engine.address
  }

  url(path = '/', user = ''): URL {
    const { port } = this.#server.address() as AddressInfo
    const scheme = this.#options.tls === undefined ? 'http' : 'https'
    return new URL(`${scheme}://${user}127.0.0.1:${port}${path}`)
  }

  /** Befalls the next statements that match, so many of them. */
  befall(statement: RegExp, fault: Fault, times = 1): void {
    this.#faults.push({ statement, fault, times })
  }

  relent(): void {
    this.#faults = []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
    await this.#engine.close()
    await this.#directory[Symbol.asyncDispose]()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://server')
    if (url.pathname === '/ping') {
      response.end('Ok.\n')
      return
    }
    const given = url.searchParams.get('query')
    const body = await buffer(request)
    // An insert's statement stands in the URL and its rows in the body; others stand in the body.
    const statement = given ?? body.toString('utf8')
    const user = this.#userOf(request)
    if (user === undefined) {
      refuse(response, 516, 'AUTHENTICATION_FAILED', 'Authentication failed: password is incorrect')
      return
    }
    this.received.push({ statement, settings: url.searchParams, user })
    if (this.#users[user]?.denied?.test(statement) === true) {
      refuse(response, 497, 'ACCESS_DENIED', `${user}: Not enough privileges. To execute this query, …`)
      return
    }
    if (this.#options.cluster !== undefined && needsGlobal(statement, url.searchParams)) {
      refuse(
        response,
        288,
        'DISTRIBUTED_IN_JOIN_SUBQUERY_DENIED',
        'Double-distributed IN/JOIN subqueries is denied',
      )
      return
    }
    const fault = this.#faultFor(statement)
    if (fault?.type === 'reset') request.socket.resetAndDestroy()
    else if (fault?.type === 'error') refuse(response, fault.code, fault.name, fault.message)
    else {
      if (fault?.type === 'slow') await fault.until
      await this.#pass(url.searchParams, given, this.#said(statement), body, response, fault)
    }
  }

  get #users(): Readonly<Record<string, User>> {
    return this.#options.users ?? anybody
  }

  #userOf(request: IncomingMessage): string | undefined {
    const { authorization = '', 'x-clickhouse-user': user, 'x-clickhouse-key': key = '' } = request.headers
    const basic = Buffer.from(authorization.split(' ')[1] ?? '', 'base64').toString('utf8')
    const [name = '', ...parts] = typeof user === 'string' ? [user, key] : basic.split(':')
    return this.#users[name]?.password === parts.join(':') ? name : undefined
  }

  #faultFor(statement: string): Fault | undefined {
    const entry = this.#faults.find((fault) => fault.times > 0 && fault.statement.test(statement))
    if (entry !== undefined) entry.times--
    return entry?.fault
  }

  /** As the engine takes it. */
  #said(statement: string): string {
    const { cluster } = this.#options
    const plain =
      this.version === undefined ? statement : statement.replaceAll('version()', `'${this.version}'`)
    return cluster === undefined
      ? plain
      : plain
          .replaceAll(` ON CLUSTER \`${cluster}\``, '')
          .replace(/= Replicated(\w*MergeTree)(\('\/[^)]*\))?/, '= $1')
  }

  async #pass(
    search: URLSearchParams,
    given: string | null,
    statement: string,
    body: Buffer,
    response: ServerResponse,
    fault: Fault | undefined,
  ): Promise<void> {
    const passed = new URLSearchParams(search)
    for (const name of serverSettings) passed.delete(name)
    passed.delete('query')
    const clustered = this.#options.cluster === undefined ? '' : clusterStatements(search)
    const upstream = send({ socketPath: this.#engine.socket, method: 'POST', path: `/?${passed}` })
    response.once('close', () => upstream.destroy())
    const run = async (text: string) => {
      upstream.end(text)
      const [answer] = (await once(upstream, 'response')) as [IncomingMessage]
      return { answer, content: await buffer(answer) }
    }
    const { answer, content } = await (given === null
      ? run(clustered + statement)
      : new Inbox(this.#engine.address.directory).with([body], (file) =>
          run(insertFromFile(statement.replace(/ FORMAT Native$/, ''), file)),
        ))
    if (fault?.type === 'lost') {
      response.writeHead(200)
      if (fault.afterBytes > 0) response.write(content.subarray(0, fault.afterBytes))
      response.socket?.resetAndDestroy()
      return
    }
    const code = answer.headers['x-clickhouse-exception-code']
    if (code !== undefined) response.setHeader('X-ClickHouse-Exception-Code', code)
    response.writeHead(answer.statusCode ?? 500)
    response.end(content)
  }
}

/** What a request says of Distributed tables. A session keeps it; what must say it and does not is refused above. */
function clusterStatements(search: URLSearchParams): string {
  const names = [
    'distributed_product_mode',
    'distributed_foreground_insert',
    'parallel_distributed_insert_select',
  ]
  const given = names.flatMap((name) => (search.has(name) ? [`${name} = '${search.get(name)}'`] : []))
  return given.length === 0 ? '' : `SET ${given.join(', ')}; `
}

/** What shards cannot answer each for itself, and a server refuses unless it is told to send the other side around. */
function needsGlobal(statement: string, settings: URLSearchParams): boolean {
  const asks = /\bJOIN\s+(\(|\w+_?\w*\s)|\bIN\s*\(\s*SELECT/i.test(
    statement.replace(/\bARRAY\s+JOIN\b/gi, ''),
  )
  return asks && !/FROM system\./.test(statement) && settings.get('distributed_product_mode') !== 'global'
}

/** Settings that the embedded engine's process does not take from a request. */
const serverSettings = [
  'readonly',
  'cancel_http_readonly_queries_on_client_close',
  'insert_quorum',
  'distributed_foreground_insert',
  'parallel_distributed_insert_select',
  'distributed_product_mode',
  'skip_unavailable_shards',
]

function refuse(response: ServerResponse, code: number, name: string, message: string): void {
  response.setHeader('X-ClickHouse-Exception-Code', String(code))
  response.writeHead(code === 516 ? 403 : 500)
  response.end(`Code: ${code}. DB::Exception: ${message}. (${name}) (version 26.7.2.1 (official build))\n`)
}

/**
 * The Keeper is the one of ClickHouse's own tests, in memory: with it the engine makes replicated tables, which take no rows as it is no server that others could fetch them from.
 */
function twoShards(cluster: string): string {
  const shard = `<shard><internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica></shard>`
  return `<clickhouse>
    <tcp_port>9000</tcp_port>
    <remote_servers><${cluster}>${shard}${shard}</${cluster}></remote_servers>
    <zookeeper><implementation>testkeeper</implementation></zookeeper>
    <default_replica_path>/clickhouse/tables/{database}/{table}/{shard}</default_replica_path>
    <default_replica_name>{replica}</default_replica_name>
    <macros><shard>1</shard><replica>1</replica></macros>
  </clickhouse>`
}
