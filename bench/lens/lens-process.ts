/** A Lens as its users run it, in processes of its own, that the bench starts on a directory, asks and ends. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../apps/lens/src/main.ts', import.meta.url))
const keptOutput = 4000

interface Urls {
  readonly ui: string
  readonly otlpGrpc: string
  readonly otlpHttp: string
}

export interface ProcessUsage {
  readonly cpuMs: number
  readonly residentBytes: number
}

export class LensProcess implements AsyncDisposable {
  readonly urls: Urls
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, urls: Urls) {
    this.#child = child
    this.urls = urls
  }

  /** Resolves when it is ready: with migrations done, if the directory is an older Lens's. */
  static async start(dataDirectory: string): Promise<LensProcess> {
    const child = fork(main, [], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...process.env,
        RUSTOK_DATA_DIR: dataDirectory,
        LENS_PORT: '0',
        LENS_OTLP_GRPC_PORT: '0',
        LENS_OTLP_HTTP_PORT: '0',
        LENS_LOG_LEVEL: 'warn',
      },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-keptOutput)
      })
    }
    const ready = once(child, 'message').then(([message]) => message as { readonly urls: Urls })
    const ended = once(child, 'exit').then(() => {
      throw new Error(`Lens ended before it was ready:\n${output}`)
    })
    ended.catch(() => {})
    const { urls } = await Promise.race([ready, ended])
    return new LensProcess(child, urls)
  }

  /** CPU time so far of Lens and of its engine, in milliseconds. Linux only, else NaN. */
  cpuMs(): number {
    return this.#pids().reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  }

  /** Resident memory of Lens and of its engine, in bytes. Linux only, else NaN. */
  residentBytes(): number {
    return this.#pids().reduce((sum, pid) => sum + residentBytesOf(pid), 0)
  }

  /** Of Lens and of its engine, each by itself. */
  usage(): { readonly lens: ProcessUsage; readonly engine: ProcessUsage } {
    const [lens = 0, engine = 0] = this.#pids()
    return { lens: usageOf(lens), engine: usageOf(engine) }
  }

  /** As an operator ends it: what was accepted is stored. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** As a crash ends it. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill(signal)
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #pids(): readonly number[] {
    const own = this.#child.pid
    if (own === undefined) return []
    const children = linuxFile(`/proc/${own}/task/${own}/children`) ?? ''
    return [own, ...children.split(' ').filter(Boolean).map(Number)]
  }
}

/** Of `getconf CLK_TCK`, which is 100 on every Linux that Node runs on. */
const msPerTick = 10

function usageOf(pid: number): ProcessUsage {
  return { cpuMs: cpuMsOf(pid), residentBytes: residentBytesOf(pid) }
}

function cpuMsOf(pid: number): number {
  // The name in brackets may hold spaces; user and system time are the 14th and 15th field.
  const fields = linuxFile(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * msPerTick
}

/** The most that a process ever had resident, in bytes. Linux only, else NaN. */
export function peakResidentBytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(linuxFile(`/proc/${pid}/status`) ?? '')?.[1]) * 1024
}

function residentBytesOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(linuxFile(`/proc/${pid}/status`) ?? '')?.[1]) * 1024
}

function linuxFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
