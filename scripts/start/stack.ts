/**
 * Lens and the server as one: started together, stopped in the order that loses nothing. `start.ts` owns the only one; it decides
 * when, and talks to the user.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  expectedCollector,
  type LensReady,
  parseLensReady,
  parseServerReady,
  type ServerReady,
} from './addresses.ts'
import type { LogFile } from './log-file.ts'
import { type Exit, ServiceProcess } from './service-process.ts'

/** Above what either needs on a slow machine for its first start. */
const readyWithinMs = 90_000

/** Above the deadlines that either keeps by itself (10 s), so that this one speaks only for a process that hangs. */
const stopWithinMs = 15_000

export type ServiceName = 'lens' | 'server'

export interface StackOptions {
  readonly root: string
  readonly env: NodeJS.ProcessEnv
  readonly logs: Readonly<Record<ServiceName, LogFile>>
  onLine(service: ServiceName, line: string, from: 'stdout' | 'stderr'): void
}

export interface Ready {
  readonly lens: LensReady
  readonly server: ServerReady
}

/** Why the stack cannot go on. */
export interface Failure {
  readonly service: ServiceName
  /** Undefined when it runs, but was not ready in time. */
  readonly exit: Exit | undefined
  readonly wasReady: boolean
  /** True when it wrote to stderr. */
  readonly saidWhy: boolean
  readonly lastLines: readonly string[]
}

export interface Stopped {
  readonly service: ServiceName
  /** True when it ended by itself, in time, and said that nothing went wrong. */
  readonly clean: boolean
  readonly exit: Exit
}

export class Stack {
  readonly #options: StackOptions
  readonly #failed = Promise.withResolvers<Failure>()
  #lens: ServiceProcess<LensReady> | undefined
  #server: ServiceProcess<ServerReady> | undefined
  #stopping = false

  constructor(options: StackOptions) {
    this.#options = options
  }

  /** Resolves with the first that ends although nobody stopped it, or does not start. */
  get failed(): Promise<Failure> {
    return this.#failed.promise
  }

  /** Stays pending when it fails or is stopped meanwhile. */
  async start(): Promise<Ready> {
    const collector = expectedCollector(this.#options.env)
    this.#lens = this.#launch('lens', 'apps/lens/src/main.ts', this.#options.env, parseLensReady)
    if (collector !== undefined) this.#launchServer(collector)
    const lens = await this.#lens.ready
    if (this.#server === undefined) this.#launchServer(lens.urls.otlpGrpc)
    // A stop in between leaves nothing to wait for.
    const server = await (this.#server?.ready ?? new Promise<never>(() => {}))
    return { lens, server }
  }

  /** The server first: its last spans go to Lens, which stores them before it ends. */
  async stop(): Promise<readonly Stopped[]> {
    this.#stopping = true
    const server = await stopProcess('server', this.#server)
    const lens = await stopProcess('lens', this.#lens)
    return [...server, ...lens]
  }

  /** Ends everything, now. */
  kill(): void {
    this.#stopping = true
    this.#server?.kill()
    this.#lens?.kill()
  }

  #launchServer(collector: string): void {
    if (this.#stopping) return
    const env = serverEnv(this.#options.env, collector)
    this.#server = this.#launch('server', 'apps/server/src/main.ts', env, parseServerReady)
  }

  #launch<T>(
    name: ServiceName,
    entry: string,
    env: NodeJS.ProcessEnv,
    parseReady: (message: unknown) => T | undefined,
  ): ServiceProcess<T> {
    const service = new ServiceProcess<T>({
      name,
      entry: join(this.#options.root, entry),
      // Compiling the sources and their packages is a third of the work of a start.
      env: { NODE_COMPILE_CACHE: join(this.#options.root, 'node_modules', '.cache', 'compiled'), ...env },
      log: this.#options.logs[name],
      parseReady,
      onLine: (line, from) => this.#options.onLine(name, line, from),
    })
    void this.#watch(name, service)
    return service
  }

  async #watch<T>(name: ServiceName, service: ServiceProcess<T>): Promise<void> {
    const late = Symbol('late')
    const started = await Promise.race([
      service.ready,
      service.exited,
      sleep(readyWithinMs, late, { ref: false }),
    ])
    const exit = started === late ? undefined : await service.exited
    if (this.#stopping) return
    this.#failed.resolve({
      service: name,
      exit,
      wasReady: service.isReady,
      saidWhy: service.wroteToStderr,
      lastLines: service.lastLines,
    })
  }
}

/**
 * Where the server sends its spans is not for the environment to say: it is the Lens beside it. Its log is for files, so JSON. Locally
 * nobody wants to wait for a span to save a few batches.
 */
function serverEnv(env: NodeJS.ProcessEnv, collector: string): NodeJS.ProcessEnv {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: _1, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: _2, ...rest } = env
  return {
    OTEL_BSP_SCHEDULE_DELAY: '500',
    ...rest,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    RUSTOK_LOG_FORMAT: 'json',
  }
}

async function stopProcess<T>(
  service: ServiceName,
  running: ServiceProcess<T> | undefined,
): Promise<readonly Stopped[]> {
  if (running === undefined) return []
  const patience = new AbortController()
  running.stop()
  void sleep(stopWithinMs, undefined, patience).then(
    () => running.kill(),
    () => {},
  )
  const exit = await running.exited
  patience.abort()
  // Before it was ready it may not have listened for signals yet, nor had anything to lose.
  const endedEarly = !running.isReady && exit.signal === 'SIGTERM'
  return [{ service, clean: exit.code === 0 || endedEarly, exit }]
}
