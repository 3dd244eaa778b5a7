/** Runs Node as a child process: the pinned one, unless told otherwise. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Another Node. */
  readonly execPath?: string
  /** Called once the child runs, to send it signals. */
  readonly during?: (child: ChildProcess) => unknown
}

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Stripping the types of all sources takes most of a child's life; with a cache only the first one does it. */
const compileCache = mkdtempSync(join(tmpdir(), 'rustok-compile-cache-'))
process.on('exit', () => rmSync(compileCache, { recursive: true, force: true }))

/** Longer than any test's child lives on a loaded machine; a child that hangs ends with its test. */
const timeout = 60_000

/** Without the variables of tracing that the environment of the tests may have. */
export function run(
  args: readonly string[],
  { env = {}, cwd, execPath = process.execPath, during }: RunOptions = {},
): Promise<Finished> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('OTEL_') && name !== 'NODE_OPTIONS' && name !== 'NODE_TEST_CONTEXT',
  )
  const child = spawn(execPath, args, {
    env: { ...Object.fromEntries(inherited), NODE_COMPILE_CACHE: compileCache, ...env },
    ...(cwd !== undefined && { cwd }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  void during?.(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}
