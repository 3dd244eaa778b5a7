/**
 * One of the two processes that `npm start` runs: starts it, waits until it says that it is ready, keeps its log, stops it. The
 * stack owns both.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogFile } from './log-file.ts'

export interface Service<Ready> {
  /** As the terminal calls it. */
  readonly name: string
  readonly entry: string
  readonly env: NodeJS.ProcessEnv
  readonly log: LogFile
  /** Undefined for any other message. */
  parseReady(message: unknown): Ready | undefined
  onLine(line: string, from: 'stdout' | 'stderr'): void
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Kept to be shown when the process ends by itself. */
const tailLines = 10

/** For the last lines to arrive after the end of the process. */
const lastLinesMs = 500

/** A process group of its own keeps the terminal's Ctrl-C away from the process, and lets all that it started be killed. */
const ownGroup = process.platform !== 'win32'

export class ServiceProcess<Ready> {
  readonly name: string
  /** Stays pending when the process ends before it is ready: see `exited`. */
  readonly ready: Promise<Ready>
  /** Resolves when the process is gone and its last line was read. */
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #tail: string[] = []
  #isReady = false
  #wroteToStderr = false

  constructor(service: Service<Ready>) {
    this.name = service.name
    this.#child = spawn(process.execPath, [service.entry], {
      env: service.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: ownGroup,
    })
    this.ready = new Promise((resolve) => {
      this.#child.on('message', (message) => {
        const ready = service.parseReady(message)
        if (ready === undefined) return
        this.#isReady = true
        resolve(ready)
      })
    })
    for (const from of ['stdout', 'stderr'] as const) {
      createInterface({ input: this.#child[from]! }).on('line', (line) => {
        this.#keep(line)
        if (from === 'stderr') this.#wroteToStderr = true
        service.log.append(line)
        service.onLine(line, from)
      })
    }
    this.exited = this.#exit().finally(() => service.log.close())
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get wroteToStderr(): boolean {
    return this.#wroteToStderr
  }

  get lastLines(): readonly string[] {
    return this.#tail
  }

  /** Asks for an orderly end. Where there are no signals, the end of the channel means the same. */
  stop(): void {
    if (ownGroup) this.#child.kill('SIGTERM')
    else if (this.#child.connected) this.#child.disconnect()
  }

  /** Ends the process and whatever it started, now. */
  kill(): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      if (ownGroup) process.kill(-pid, 'SIGKILL')
      else this.#child.kill('SIGKILL')
    } catch {
      // It is gone already.
    }
  }

  async #exit(): Promise<Exit> {
    const child = this.#child
    const closed = new Promise((resolve) => child.once('close', resolve))
    const exit = await new Promise<Exit>((resolve) => {
      child.once('error', () => resolve({ code: 1, signal: null }))
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    // A process that it started may hold its output open for longer.
    await Promise.race([closed, sleep(lastLinesMs, undefined, { ref: false })])
    return exit
  }

  #keep(line: string): void {
    this.#tail.push(line)
    if (this.#tail.length > tailLines) this.#tail.shift()
  }
}
