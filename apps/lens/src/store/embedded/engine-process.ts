/**
 * Keeps the engine's process alive: starts it, starts it again when it dies, and ends it. `openStore` owns the one of an embedded
 * store; everything else talks to the engine over its socket.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, rmdir } from 'node:fs/promises'
import { getCompileCacheDir } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { environmentWith } from '../../config.ts'
import { engineRestarts } from '../../metrics/lens-metrics.ts'
import { StartupError } from '../../startup-error.ts'
import type { EngineMessage, EngineOptions } from './messages.ts'
import { makeSocketPath } from './socket-path.ts'
import type { SocketAddress } from './socket-transport.ts'

/** An engine whose Lens was killed ends by itself within this time, and only then frees the directory. */
const lockPatience = 3_000
const firstStartTimeout = 60_000
/** After an engine that died soon after its start, the wait doubles up to this. */
const longestPause = 5_000
const closeTimeout = 3_000

export class EngineProcess {
  readonly socket: string
  readonly #directory: string
  readonly #log: Logger
  readonly #configFile: string | undefined
  #child: ChildProcess | undefined
  #closing = false
  #pause = 100
  #ready: PromiseWithResolvers<void> = Promise.withResolvers()

  private constructor(directory: string, socket: string, log: Logger, configFile: string | undefined) {
    this.#directory = directory
    this.socket = socket
    this.#log = log
    this.#configFile = configFile
  }

  /** Resolves when the engine answers. Rejects with StartupError when another one holds the directory, or it cannot be opened. */
  static async start(directory: string, log: Logger, configFile?: string): Promise<EngineProcess> {
    const engine = new EngineProcess(directory, await makeSocketPath(directory), log, configFile)
    try {
      await engine.#startPatiently()
    } catch (error) {
      await engine.close()
      throw error
    }
    return engine
  }

  get address(): SocketAddress {
    return { socket: this.socket, directory: this.#directory }
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
    if (dirname(this.socket) !== this.#directory) await rmdir(dirname(this.socket))
  }

  async #startPatiently(): Promise<void> {
    const deadline = Date.now() + lockPatience
    for (;;) {
      const failure = await this.#spawn()
      if (failure === undefined) return
      if (!failure.includes('Cannot lock file')) {
        throw new StartupError(`cannot open the data in ${this.#directory}: ${oneLine(failure)}`)
      }
      if (Date.now() > deadline) {
        throw new StartupError(
          `data directory ${this.#directory} is in use by another rustok-lens${await holderOf(this.#directory)}: stop it or set RUSTOK_DATA_DIR`,
        )
      }
      await sleep(100)
    }
  }

  /** Why the engine did not start; undefined when it did. */
  async #spawn(): Promise<string | undefined> {
    const options: EngineOptions = {
      directory: this.#directory,
      socket: this.socket,
      configFile: this.#configFile,
    }
    const child = fork(new URL('./engine-server.ts', import.meta.url), [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Each statement holds a thread of libuv's pool while it runs; its default of 4 is fewer than the sessions.
      env: environmentWith({ UV_THREADPOOL_SIZE: '16', ...compileCache() }),
      execArgv: [],
    })
    this.#child = child
    const closed = once(child, 'close')
    const stderr = lastLines(child)
    const outcome = await firstMessage(child)
    if (outcome.type === 'failed') {
      child.kill('SIGKILL')
      // The engine's own reason stands on stderr alone.
      await closed
      return `${outcome.message} ${stderr()}`
    }
    const started = Date.now()
    this.#ready.resolve()
    child.once('exit', (code, signal) => this.#restart(code, signal, Date.now() - started, stderr()))
    return undefined
  }

  #restart(code: number | null, signal: string | null, lived: number, stderr: string): void {
    if (this.#closing) return
    engineRestarts.add(1, {})
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
      const reason = await this.#spawn()
      if (reason === undefined) {
        this.#log.info('the engine is back')
        return
      }
      this.#log.error({ reason }, 'the engine does not start')
    }
  }
}

/** Ours, for the engine's process too. */
function compileCache(): { readonly NODE_COMPILE_CACHE?: string } {
  const directory = getCompileCacheDir()
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory }
}

/** In words, which process has the directory: the engine notes its own in a file, and Lens is its parent. Linux alone tells parents. */
async function holderOf(directory: string): Promise<string> {
  const engine = /^PID: (\d+)$/m.exec(await textOf(join(directory, 'status')))?.[1]
  if (engine === undefined) return ''
  const lens = /^PPid:\s+(\d+)$/m.exec(await textOf(`/proc/${engine}/status`))?.[1]
  return ` (process ${lens ?? engine})`
}

function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

/** The process's first message; a failure when it dies or stays silent instead. */
async function firstMessage(child: ChildProcess): Promise<EngineMessage> {
  const { promise, resolve } = Promise.withResolvers<EngineMessage>()
  const failed = (message: string) => resolve({ type: 'failed', message })
  const timer = setTimeout(() => failed('it did not start in time'), firstStartTimeout)
  child.once('message', (message) => resolve(message as EngineMessage))
  child.once('exit', (code, signal) => failed(`it ended with ${signal ?? code}`))
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

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
