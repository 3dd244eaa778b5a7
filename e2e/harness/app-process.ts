/** Boots Lens or the server as their users do: a process of its own, on ports that the system chooses, over a directory of the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

export interface LensReady {
  readonly urls: { readonly ui: string; readonly otlpGrpc: string; readonly otlpHttp: string }
}

export interface ServerReady {
  readonly url: string
  readonly demo: { readonly tenants: readonly DemoTenant[] }
}

export interface DemoTenant {
  readonly id: string
  readonly users: readonly { readonly id: string; readonly token: string }[]
}

export interface App<Ready> extends AsyncDisposable {
  readonly ready: Ready
  /** What it has written to stdout and stderr. */
  output(): string
  /** Sends the signal and resolves with the exit code; null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

export function startLens(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<App<LensReady>> {
  const ports = { LENS_PORT: '0', LENS_OTLP_GRPC_PORT: '0', LENS_OTLP_HTTP_PORT: '0' }
  return startApp<LensReady>('apps/lens/src/main.ts', { ...ports, RUSTOK_DATA_DIR: dataDir, ...env })
}

export function startServer(
  dataDir: string,
  collector: string,
  env: NodeJS.ProcessEnv = {},
): Promise<App<ServerReady>> {
  const exporter = { OTEL_EXPORTER_OTLP_ENDPOINT: collector }
  return startApp<ServerReady>('apps/server/src/main.ts', {
    ...exporter,
    PORT: '0',
    RUSTOK_DATA_DIR: dataDir,
    ...env,
  })
}

async function startApp<Ready>(entry: string, env: NodeJS.ProcessEnv): Promise<App<Ready>> {
  const child = spawn(process.execPath, [join(root, entry)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const output = collectOutput(child)
  const exited = once(child, 'exit') as Promise<[number | null]>
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    const [code] = await exited
    return code
  }
  const ready = await Promise.race([
    once(child, 'message').then(([message]) => message as Ready),
    exited.then(([code]) => {
      throw new Error(`${entry} ended with ${code} before it was ready:\n${output()}`)
    }),
  ])
  return {
    ready,
    output,
    end,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL')
    },
  }
}

export function collectOutput(child: ChildProcess): () => string {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return () => output
}
