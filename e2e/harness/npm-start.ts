/** Runs `npm start` as a user in a terminal does: what it prints is read, and keys are pressed by signals. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { collectOutput, root } from './app-process.ts'

export interface Started extends AsyncDisposable {
  readonly stdout: () => string
  readonly stderr: () => string
  readonly process: ChildProcess
  /** Waits for what stdout is to show; throws with all of the output when it ends without. */
  shows(pattern: RegExp): Promise<RegExpExecArray>
  /** As the terminal does it: to every process in the foreground. */
  pressCtrlC(): void
  /** The exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals | null>
}

export interface StartOptions {
  readonly dataDir: string
  /** Through npm and run.mjs like a user, or the script that those hand over to. */
  readonly by?: 'npm start' | 'scripts/run.mjs' | 'scripts/start.ts'
  readonly flags?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

const freePorts = { PORT: '0', LENS_PORT: '0', LENS_OTLP_GRPC_PORT: '0', LENS_OTLP_HTTP_PORT: '0' }

export function npmStart({ dataDir, by = 'scripts/start.ts', flags = [], env = {} }: StartOptions): Started {
  const [program, args]: [string, string[]] =
    by === 'npm start'
      ? ['npm', ['start', '--silent', '--', ...flags]]
      : [process.execPath, [...(by === 'scripts/run.mjs' ? [by, 'start'] : [by]), ...flags]]
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...freePorts, RUSTOK_DATA_DIR: dataDir, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A foreground group of its own, as a shell gives to what it runs.
    detached: true,
  })
  const exited = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const stdout = collectOutput({ ...child, stderr: null } as ChildProcess)
  const stderr = collectOutput({ ...child, stdout: null } as ChildProcess)
  return {
    stdout,
    stderr,
    process: child,
    shows: async (pattern) => {
      const ended = exited.then(() => true)
      for (;;) {
        const found = pattern.exec(stdout())
        if (found !== null) return found
        if (await Promise.race([ended, sleep(50, false)])) break
      }
      throw new Error(`ended without showing ${pattern}:\n${stdout()}\n${stderr()}`)
    },
    pressCtrlC: () => void process.kill(-child.pid!, 'SIGINT'),
    ended: async () => {
      const [code, signal] = await exited
      return code ?? signal
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      for (const pid of processesOf(dataDir)) process.kill(pid, 'SIGKILL')
      await exited
    },
  }
}

/** The last line of the screen. */
export const screenIsComplete = /Ctrl-C stops both.*\n/

/** Ids of the processes that were started for a data directory: all of them have it in their environment. */
export function processesOf(dataDir: string, entry = ''): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids
    .filter((pid) => readProcess(pid, 'environ').includes(`RUSTOK_DATA_DIR=${dataDir}\0`))
    .filter((pid) => readProcess(pid, 'cmdline').includes(entry))
    .map(Number)
}

/** Empty for a process that is gone, or is a zombie. */
function readProcess(pid: string, file: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
