/**
 * Real database servers for the tests of their clients' instrumentation, from Debian's packages: each in a directory of its own, on a free port
 * of the loopback, ended by `stop` or with the process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface DatabaseServer {
  readonly port: number
  stop(): Promise<void>
}

/** Redis; Debian's package of its tools holds the server, too, under another name, and starts no service. */
export function startRedis(): Promise<DatabaseServer> {
  return start('/usr/bin/redis-check-rdb', 'redis-server', (port, directory) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
    ...['--save', '', '--appendonly', 'no'],
  ])
}

/** MariaDB, which speaks MySQL's protocol; it lets everybody in as `root` without a password. */
export function startMariadb(): Promise<DatabaseServer> {
  return start('/usr/sbin/mariadbd', 'mariadbd', (port, directory) => [
    ...['--no-defaults', `--datadir=${directory}`, `--port=${port}`, '--bind-address=127.0.0.1'],
    ...[`--socket=${join(directory, 'socket')}`, '--skip-grant-tables', '--innodb-buffer-pool-size=8M'],
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ])
}

async function start(
  program: string,
  name: string,
  args: (port: number, directory: string) => readonly string[],
): Promise<DatabaseServer> {
  const directory = mkdtempSync(join(tmpdir(), `rustok-${name}-`))
  const port = await freePort()
  const child = spawn(program, args(port, directory), { argv0: name, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-2000)
    })
  }
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    if (child.exitCode === null && child.signalCode === null) {
      kill()
      await once(child, 'exit')
    }
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await answering(port, child)
  } catch {
    throw new Error(`${name} did not start: ${output}`)
  }
  return { port, stop }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Resolves when the port takes connections. */
async function answering(port: number, child: ChildProcess): Promise<void> {
  const failed = once(child, 'error')
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) break
    const socket = connect(port, '127.0.0.1')
    const connected = once(socket, 'connect').then(
      () => true,
      () => false,
    )
    if (await Promise.race([connected, failed.then(() => false)])) {
      socket.destroy()
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('not answering')
}
