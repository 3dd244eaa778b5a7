/**
 * Keeps the engine's process alive: starts it, starts it again when it dies, and ends it. `openStore` owns the one of an embedded
 * store; everything else talks to the engine over its socket.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { environmentWith } from '../../config.ts'
import { StartupError } from '../../startup-error.ts'
import type { EngineMessage, EngineOptions } from './messages.ts'

/** An engine whose Lens was killed ends by itself within this time, and only then frees the directory. */
const lockPatience = 3_000
const firstStartTimeout = 60_000
/** After an engine that died soon after its start, the wait doubles up to this. */
const longestPause = 5_000
const closeTimeout = 5_000
/** sockaddr_un holds 108 bytes on Linux and 104 on macOS. */
const longestSocketPath = 100

export class EngineProcess {
  readonly socket: string
  readonly #directory: string
  readonly #log: Logger
  /** A directory of our own for the socket, when the data directory's path is too long for one. */
  readonly #socketDirectory: string | undefined
  #child: ChildProcess | undefined
  #closing = false
  #pause = 100
  #ready: PromiseWithResolvers<void> = Promise.withResolvers()

  private constructor(directory: string, socketDirectory: string | undefined, log: Logger) {
    this.#directory = directory
    this.#socketDirectory = socketDirectory
    this.socket = join(socketDirectory ?? directory, 'engine.sock')
    this.#log = log
  }

  /** Resolves when the engine answers. Rejects with StartupError when another one holds the directory, or it cannot be opened. */
  static async start(directory: string, log: Logger): Promise<EngineProcess> {
    const tooLong = Buffer.byteLength(join(directory, 'engine.sock')) > longestSocketPath
    const socketDirectory = tooLong ? await mkdtemp(join(tmpdir(), 'rustok-lens-')) : undefined
    const engine = new EngineProcess(directory, socketDirectory, log)
    try {
      await engine.#startPatiently()
    } catch (error) {
      await engine.close()
      throw error
    }
    return engine
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when the engine answers again; at once when it does. */
  ready(): Promise<void> {
    return this.#ready.promise
  }

  async close(): Promise<void> {
    this.#closing = true
    const child = this.#child
    if (child !== undefined && isRunning(child)) {
      const exited = once(child, 'exit')
      if (child.connected) child.send('close', () => {})
      const timer = setTimeout(() => child.kill('SIGKILL'), closeTimeout)
      await exited
      clearTimeout(timer)
    }
    await rm(this.socket, { force: true })
    if (this.#socketDirectory !== undefined) await rm(this.#socketDirectory, { recursive: true, force: true })
  }

  async #startPatiently(): Promise<void> {
    const deadline = Date.now() + lockPatience
    for (;;) {
      const outcome = await this.#spawn()
      if (outcome.type === 'listening') return
      if (!outcome.locked)
        throw new StartupError(`cannot open the data in ${this.#directory}: ${firstLine(outcome.message)}`)
      if (Date.now() > deadline) {
        throw new StartupError(
          `data directory ${this.#directory} is in use by another rustok-lens: stop it or set RUSTOK_DATA_DIR`,
        )
      }
      await sleep(100)
    }
  }

  async #spawn(): Promise<EngineMessage> {
    await rm(this.socket, { force: true })
    const options: EngineOptions = { directory: this.#directory, socket: this.socket }
    const child = fork(new URL('./engine-server.ts', import.meta.url), [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Each statement holds a thread of libuv's pool while it runs; its default of 4 is fewer than the sessions.
      env: environmentWith({ UV_THREADPOOL_SIZE: '16' }),
      execArgv: [],
    })
    this.#child = child
    const stderr = lastLines(child)
    const outcome = await firstMessage(child, stderr)
    if (outcome.type === 'failed') {
      child.kill('SIGKILL')
      return outcome
    }
    const started = Date.now()
    this.#ready.resolve()
    child.once('exit', (code, signal) => this.#restart(code, signal, Date.now() - started, stderr()))
    return outcome
  }

  #restart(code: number | null, signal: string | null, lived: number, stderr: string): void {
    if (this.#closing) return
    this.#ready = Promise.withResolvers()
    this.#pause = lived > 60_000 ? 100 : this.#pause
    this.#log.error({ code, signal, stderr }, 'the engine died and is started again')
    void this.#startAgain()
  }

  async #startAgain(): Promise<void> {
    while (!this.#closing) {
      await sleep(this.#pause)
      if (this.#closing) return
      this.#pause = Math.min(this.#pause * 2, longestPause)
      const outcome = await this.#spawn()
      if (outcome.type === 'listening') {
        this.#log.info('the engine is back')
        return
      }
      this.#log.error({ reason: outcome.message }, 'the engine does not start')
    }
  }
}

/** The process's first message; a failure when it dies or stays silent instead. */
async function firstMessage(child: ChildProcess, stderr: () => string): Promise<EngineMessage> {
  const { promise, resolve } = Promise.withResolvers<EngineMessage>()
  const failed = (message: string) => resolve({ type: 'failed', locked: false, message })
  const timer = setTimeout(() => failed('it did not start in time'), firstStartTimeout)
  child.once('message', (message) => resolve(message as EngineMessage))
  child.once('exit', (code, signal) =>
    failed(`it ended with ${signal ?? code}${stderr() === '' ? '' : `: ${stderr()}`}`),
  )
  child.once('error', (error) => failed(error.message))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}

/** The end of what the process wrote to stderr: a native abort explains itself there. */
function lastLines(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-4096)
  })
  return () => text.trim()
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
