/**
 * A real NATS server with JetStream from Debian's package, in a directory of its own. It keeps its port over restarts, and ends with
 * `stop` and with the process that started it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'

export interface NatsServer {
  readonly url: string
  readonly port: number
  /** SIGKILLs it, as a crash would. It stays down until `start`. */
  crash(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** `args` go to the server: `--user`, `--pass`, `--tls…`. */
export async function startNatsServer(...args: readonly string[]): Promise<NatsServer> {
  const directory = mkdtempSync(path.join(tmpdir(), 'rustok-nats-'))
  const port = await freePort()
  const options = [
    '--jetstream',
    '--store_dir',
    directory,
    '--addr',
    '127.0.0.1',
    '--port',
    String(port),
    ...args,
  ]
  let child: ChildProcess | undefined
  const start = async () => {
    child = spawn('setpriv', ['--pdeathsig', 'KILL', '/usr/sbin/nats-server', ...options], {
      stdio: 'ignore',
    })
    await answering(port, child)
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  await start()
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    crash: () => end('SIGKILL'),
    start,
    async stop() {
      await end('SIGKILL')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nats-server exited with ${child.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    try {
      // It greets with its INFO line.
      await once(socket, 'data')
      return
    } catch {
      await setTimeout(20)
    } finally {
      socket.destroy()
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
