/** The server as its own process, as users run it: started by its `main.ts`, watched through its output, its IPC and its exit. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { DemoAccess } from '../../src/demo/demo-access.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Of this process's environment what Node itself needs, and where it keeps what it compiled: many a start compiles the same sources. */
export const OF_NODE = { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }

export interface ReadyMessage {
  readonly type: 'ready'
  readonly url: string
  readonly demo?: DemoAccess
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class ServerProcess {
  readonly child: ChildProcess
  readonly exited: Promise<Exit>
  stdout = ''
  stderr = ''

  constructor(env: Readonly<Record<string, string>>, args: readonly string[] = [], main = MAIN) {
    this.child = fork(main, args, {
      // The test runner's own arguments are not the server's.
      execArgv: [],
      // Its settings must not leak into the test.
      env: { ...OF_NODE, HOST: '127.0.0.1', PORT: '0', OTEL_ENABLED: 'false', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.exited = exitOf(this.child)
  }

  /** Rejects with what it wrote when it exits instead. */
  async ready(): Promise<ReadyMessage> {
    const message = once(this.child, 'message').then(([first]) => first as ReadyMessage)
    const failure = this.exited.then(({ code }) => {
      throw new Error(`the server exited with ${code}: ${this.stderr}${this.stdout}`)
    })
    failure.catch(() => {})
    return Promise.race([message, failure])
  }

  /** Resolves once a log line with this message is there. */
  async logged(message: string): Promise<void> {
    while (!this.stdout.includes(`"msg":"${message}"`)) await once(this.child.stdout!, 'data')
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.child.kill(signal)
    return this.exited
  }
}

/** Once all output has been read, too. Not `close`, which does not come after `disconnect`. */
async function exitOf(child: ChildProcess): Promise<Exit> {
  const streams = [child.stdout!, child.stderr!].map((stream) => once(stream, 'end'))
  const [code, signal] = await once(child, 'exit')
  await Promise.all(streams)
  return { code, signal }
}
