/** A child process that the bench starts, calls and ends. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { AnswerMessage, Calls, ReadyMessage } from './calls.ts'

export interface ChildOptions {
  readonly args?: readonly string[]
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[]
  /** Added to the bench's own environment, of which OTEL_* variables are left out. */
  readonly env?: Readonly<Record<string, string>>
}

/** Longer than any flush at exit that a contender is configured for. */
const exitTimeoutMs = 20_000
/** Of what a child wrote, enough to see why it failed. */
const keptOutput = 4000

type Result<F extends (argument: never) => unknown> = Awaited<ReturnType<F>>

export class Child<C extends Calls<C>> {
  readonly #process: ChildProcess
  readonly #name: string
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #ready = Promise.withResolvers<void>()
  readonly #exited: Promise<unknown>
  #nextId = 0
  #output = ''

  private constructor(module: URL, { args = [], nodeArgs = [], env = {} }: ChildOptions) {
    const path = fileURLToPath(module)
    this.#name = [path.slice(path.lastIndexOf('/bench/') + 1), ...args].join(' ')
    this.#process = fork(path, args, {
      execArgv: [...nodeArgs],
      env: { ...withoutTracing(process.env), ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#exited = once(this.#process, 'close')
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-keptOutput)
      })
    }
    this.#process.on('message', (message: AnswerMessage | ReadyMessage) => this.#receive(message))
    this.#process.on('close', (code, signal) => this.#fail(`ended with ${signal ?? `exit code ${code}`}`))
  }

  /** Resolves when the child can be called. */
  static async start<C extends Calls<C>>(module: URL, options: ChildOptions = {}): Promise<Child<C>> {
    const child = new Child<C>(module, options)
    await child.#ready.promise
    return child
  }

  get output(): string {
    return this.#output
  }

  call<K extends keyof C & string>(name: K, ...[argument]: Parameters<C[K]>): Promise<Result<C[K]>> {
    const answer = Promise.withResolvers<unknown>()
    const id = this.#nextId++
    this.#pending.set(id, answer)
    this.#process.send({ id, name, argument })
    return answer.promise as Promise<Result<C[K]>>
  }

  /** Ends the child as an operator would and waits for it to exit by itself; throws when it has to be killed. */
  async terminate(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGTERM')
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), exitTimeoutMs)
    await this.#exited
    clearTimeout(timer)
    if (this.#process.signalCode === 'SIGKILL') {
      throw new Error(
        `${this.#name} did not exit within ${exitTimeoutMs} ms of SIGTERM; it wrote:\n${this.#output}`,
      )
    }
  }

  #receive(message: AnswerMessage | ReadyMessage): void {
    if ('ready' in message) {
      this.#ready.resolve()
      return
    }
    const answer = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    if (message.error === undefined) answer?.resolve(message.value)
    else answer?.reject(new Error(`${this.#name}: ${message.error}`))
  }

  #fail(what: string): void {
    const error = new Error(`${this.#name} ${what}; it wrote:\n${this.#output}`)
    this.#ready.promise.catch(() => {})
    this.#ready.reject(error)
    for (const answer of this.#pending.values()) answer.reject(error)
    this.#pending.clear()
  }
}

function withoutTracing(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('OTEL_') && name !== 'NODE_OPTIONS'),
  )
}
