/** A rustok-server as its users run it, in a process of its own, that the bench starts, watches through its `/metrics` and ends. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../apps/server/src/main.ts', import.meta.url))
const keptOutput = 4000
const pollMs = 20

interface Ready {
  readonly url: string
  readonly demo?: {
    readonly tenants: readonly {
      readonly id: string
      readonly users: readonly { readonly token: string }[]
    }[]
  }
}

/** Of `/metrics`. */
export interface Readings {
  /** User and system, of all threads, since the process began. */
  readonly cpuSeconds: number
  /** Spans that have ended, and those that were lost. Undefined without tracing. */
  readonly spansCreated: number | undefined
  readonly spansDropped: number
  /** Events that have not come to their end. */
  readonly eventsWaiting: number
}

export class ServerProcess implements AsyncDisposable {
  readonly url: string
  readonly demo: Ready['demo']
  readonly #child: ChildProcess
  readonly #output: () => string

  private constructor(child: ChildProcess, { url, demo }: Ready, output: () => string) {
    this.#child = child
    this.url = url
    this.demo = demo
    this.#output = output
  }

  static async start(
    env: Readonly<Record<string, string>>,
    options: { readonly profileTo?: string | undefined } = {},
  ): Promise<ServerProcess> {
    const { profileTo } = options
    const child = fork(main, [], {
      execArgv: profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`],
      // Its log lines are written, as in production, and read by nobody: a reader would be one more process on these cores.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...env },
    })
    let output = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-keptOutput)
    })
    const ready = once(child, 'message').then(([message]) => message as Ready)
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`rustok-server ended with ${code} before it was ready:\n${output}`)
    })
    ended.catch(() => {})
    return new ServerProcess(child, await Promise.race([ready, ended]), () => output)
  }

  async readings(): Promise<Readings> {
    const response = await fetch(`${this.url}/metrics`)
    const text = await response.text()
    const all = (name: string) =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))].map(([, value]) =>
        Number(value),
      )
    const sum = (name: string) => all(name).reduce((total, value) => total + value, 0)
    return {
      cpuSeconds: sum('process_cpu_seconds_total'),
      spansCreated: all('rustok_spans_created_total')[0],
      spansDropped: sum('rustok_spans_dropped_total') + sum('rustok_spans_rejected_total'),
      eventsWaiting: sum('rustok_outbox_depth') + sum('rustok_event_deliveries_pending'),
    }
  }

  /** Once all that was asked of it is done: its events are published and handled. */
  async settled(): Promise<Readings> {
    for (;;) {
      const readings = await this.readings()
      if (readings.eventsWaiting === 0) return readings
      await setTimeout(pollMs)
    }
  }

  /** As an orchestrator ends it; throws unless it ended in order, with its spans delivered. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const [code] = await exited
    if (code !== 0) throw new Error(`rustok-server ended with ${code}:\n${this.#output()}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
  }
}
