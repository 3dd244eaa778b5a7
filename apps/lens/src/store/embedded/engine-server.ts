/**
 * The engine's process: chDB behind a part of ClickHouse's HTTP interface, on a Unix socket; rows to insert come as files. It is a
 * process of its own because a native abort takes its whole process along. `EngineProcess` forks it; it lives no longer than its parent.
 */

import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isChdbError } from './chdb-error.ts'
import { engineArguments, statementDefaults } from './limits.ts'
import { MergeGate } from './merge-gate.ts'
import { lowerMergePriority } from './merge-priority.ts'
import type { EngineMessage, EngineOptions } from './messages.ts'
import { openSession } from './open-session.ts'
import { SessionPool } from './session-pool.ts'
import { isSocketName } from './socket-path.ts'
import { fileOfInsert, inbox, prelude, quote } from './statement.ts'

/** Reads at once. Each uses up to all cores, so more of them would only take turns. */
const readers = 4
/** Inserts at once: while one waits for the disk, the other one computes. */
const writers = 2
/** Milliseconds. */
const killAgain = 100

const options = JSON.parse(process.argv[2] ?? '{}') as EngineOptions

// The parent is gone without a word. What it acknowledged is on disk; an orderly end could hang on a statement that runs.
process.on('disconnect', () => {
  rmSync(options.socket, { force: true })
  process.kill(process.pid, 'SIGKILL')
})
// A terminal's Ctrl-C reaches the whole group; the parent ends this process when its own work is done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

function tell(message: EngineMessage): void {
  process.send?.(message)
}

try {
  process.chdir(options.directory)
  await serve()
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  process.send?.({ type: 'failed', message } satisfies EngineMessage, () => process.exit(1))
}

async function serve(): Promise<void> {
  const engine = engineArguments(options.configFile)
  const open = () => openSession(options.directory, engine)
  const writing = new SessionPool(writers, open)
  const reading = new SessionPool(readers, open)
  const control = new SessionPool(1, open)
  lowerMergePriority()
  const merges = new MergeGate((statement) =>
    control.use(async ({ session }) =>
      (await session.queryAsync(statement, { format: 'TabSeparated' })).text(),
    ),
  )
  const defaults = statementDefaults()
  await cleanUp()

  const server = createServer({ maxHeaderSize: 1024 * 1024, requestTimeout: 0 }, (request, response) => {
    answer(request, response).catch((error: unknown) => fail(response, error))
  })
  // Abandoned sockets must not keep the pool's sessions; idle ones are the client's to close.
  server.keepAliveTimeout = 0
  server.listen(options.socket)
  await once(server, 'listening')
  tell({ type: 'listening' })

  process.on('message', (message) => {
    if (message !== 'close') return
    server.close(() => {
      merges.close()
      for (const pool of [reading, writing, control]) pool.close()
      process.exit(0)
    })
    server.closeIdleConnections()
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://engine')
    if (url.pathname === '/ping') {
      response.end('Ok.\n')
      return
    }
    const statement = await textOf(request)
    const file = fileOfInsert(statement)
    if (file === undefined) return run(response, statement, url)
    await insert(statement, file, url)
    response.end()
  }

  /** `statement` reads the file, which whoever wrote it removes. */
  async function insert(statement: string, file: string, url: URL): Promise<void> {
    const { size } = await stat(file).catch(() => {
      throw new Error(missing(file))
    })
    await merges.during(size, (indexesLeftOut) =>
      writing.use(({ session, state }) => {
        const settings = { ...defaults, exclude_materialize_skip_indexes_on_insert: indexesLeftOut }
        return session.queryAsync(`${prelude(url.searchParams, settings, state)}${statement}`)
      }),
    )
  }

  async function run(response: ServerResponse, statement: string, url: URL): Promise<void> {
    await reading.use(async ({ session, mark, state }) => {
      if (response.destroyed) return
      let stopping: Promise<void> | undefined
      const running = Promise.withResolvers<void>()
      const gone = () => {
        stopping = stop(mark, running.promise)
      }
      response.once('close', gone)
      try {
        const format = url.searchParams.get('default_format') ?? 'TabSeparated'
        const settings = prelude(url.searchParams, { ...defaults, log_comment: mark }, state)
        const result = await session.queryAsync(settings + statement, { format })
        response.off('close', gone)
        response.end(result.bytes())
      } finally {
        response.off('close', gone)
        running.resolve()
        // Or it would stop the session's next statement, which bears the same mark.
        await stopping
      }
    })
  }

  /** Stops the statement whose client has gone. One that has only just begun is not known to the engine yet: so, until it has ended. */
  async function stop(mark: string, ended: Promise<void>): Promise<void> {
    const kill = `KILL QUERY WHERE Settings['log_comment'] = ${quote(mark)} ASYNC`
    const pause = () => sleep(killAgain, 'running', { ref: false })
    do await control.use(({ session }) => session.queryAsync(kill)).catch(() => {})
    while ((await Promise.race([ended, pause()])) === 'running')
  }
}

/** What an engine that was killed left behind. Only once the directory is ours: before, it may be another's that lives. */
async function cleanUp(): Promise<void> {
  await rm(inbox, { recursive: true, force: true })
  await mkdir(inbox)
  for (const name of await readdir('.')) if (isSocketName(name)) await rm(name, { force: true })
}

/** As the engine would say that the same insert may succeed: its file was left for the process before this one, which cleaned up. */
function missing(file: string): string {
  return `Code: 236. DB::Exception: ${file} is gone, as this engine has only just begun. (ABORTED)`
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** What an engine says from the moment at which a thread of it crashed; it may go on saying so instead of ending. */
const crashed = /shutting down due to a fatal error/

/** As ClickHouse says it: the code in a header, the message in the body. */
function fail(response: ServerResponse, error: unknown): void {
  // Its parent starts another one.
  if (error instanceof Error && crashed.test(error.message)) process.kill(process.pid, 'SIGKILL')
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const code = isChdbError(error) ? (error.clickhouseCode ?? 0) : 0
  response.statusCode = error instanceof RangeError ? 400 : 500
  response.setHeader('X-ClickHouse-Exception-Code', String(code))
  response.end(error instanceof Error ? error.message : String(error))
}
