/** `src/main.ts` as a process of its own, as its users run it: for what happens when it starts badly, is stopped or is killed. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { LensUrls } from '../../src/lens.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export class LensProcess implements AsyncDisposable {
  readonly exited: Promise<Exit>
  /** Rejects when the process ends without having been ready. */
  readonly ready: Promise<LensUrls>
  readonly child: ChildProcess

  constructor(
    environment: Readonly<Record<string, string>>,
    words: readonly string[] = [],
    mounting?: string,
  ) {
    const ports = { LENS_PORT: '0', LENS_OTLP_GRPC_PORT: '0', LENS_OTLP_HTTP_PORT: '0' }
    const child = fork(main, [...words], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...ports, ...environment },
      ...(mounting === undefined ? {} : inNamespace(mounting)),
    })
    this.child = child
    const output = Promise.all([text(child.stdout!), text(child.stderr!)])
    this.exited = once(child, 'exit').then(async ([code, signal]) => {
      const [stdout, stderr] = await output
      return { code, signal, stdout, stderr }
    })
    const { promise, resolve, reject } = Promise.withResolvers<LensUrls>()
    this.ready = promise
    promise.catch(() => {})
    child.once('message', (message) => resolve((message as { urls: LensUrls }).urls))
    void this.exited.then((exit) =>
      reject(new Error(`Lens ended before it was ready: ${JSON.stringify(exit)}`)),
    )
  }

  async stop(): Promise<Exit> {
    this.child.kill('SIGTERM')
    return this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.exited
  }
}

/** Becomes Lens after the shell has mounted something that no other process sees; `/proc/PID/root` is the way in. */
function inNamespace(mounting: string) {
  const script = `${mounting} && exec "$0" "$@"`
  return { execPath: '/usr/bin/unshare', execArgv: ['-rm', '/bin/sh', '-c', script, process.execPath] }
}
