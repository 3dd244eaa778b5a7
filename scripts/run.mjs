// Entry of every npm script. It must run on an old Node (20) with no package installed: it brings the
// clone to readiness, then hands over to the pinned Node that the lock file installs.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pinnedNode = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')

/** What each command needs besides packages, and what the pinned Node then runs. */
const commands = {
  start: { ui: true, args: ['scripts/start.ts'] },
  test: { ui: true, debian: true, args: ['scripts/test.ts'] },
  e2e: { ui: true, debian: true, args: ['scripts/test.ts', 'e2e'] },
  check: { args: ['scripts/check.ts'] },
  format: { args: ['scripts/check.ts', '--fix'] },
  bench: { args: ['bench/main.ts'] },
  traffic: { args: ['scripts/traffic.ts'] },
}

/** Debian packages that the tests drive, by the file that proves each is there. */
const debianPackages = { chromium: '/usr/bin/chromium' }

main(process.argv[2], process.argv.slice(3))

function main(name, rest) {
  const command = commands[name]
  if (command === undefined) fail(`unknown command '${name ?? ''}': one of ${Object.keys(commands).join(', ')}`)
  installPackages()
  if (command.debian) installDebianPackages()
  if (command.ui) buildUi()
  handOver([...command.args, ...rest])
}

function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'))
  const stamp = digest([lock, process.platform, process.arch])
  const stampFile = join(root, 'node_modules', '.rustok-lock')
  if (existsSync(pinnedNode) && readIfThere(stampFile) === stamp) return
  say('Installing packages (about a minute, once)…')
  // Nothing here needs an install script: every binary ships inside its package.
  const npmArgs = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const npmCli = process.env.npm_execpath
  const result = npmCli?.endsWith('.js')
    ? spawnSync(process.execPath, [npmCli, ...npmArgs], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    : spawnSync('npm', npmArgs, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' })
  if (result.status !== 0) fail('npm ci failed: see its message above')
  if (!existsSync(pinnedNode)) fail(`no Node.js 26 package for ${process.platform}-${process.arch} in the lock file`)
  writeFileSync(stampFile, stamp)
}

function installDebianPackages() {
  const missing = Object.entries(debianPackages)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name)
  if (missing.length === 0) return
  const byHand = `apt-get install ${missing.join(' ')}`
  if (process.getuid?.() !== 0) fail(`the tests need these Debian packages: run '${byHand}' as root, then again`)
  say(`Installing Debian packages: ${missing.join(' ')}…`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  if (!apt('update', '-qq') || !apt('install', '-y', '-qq', '--no-install-recommends', ...missing)) {
    fail(`could not install the tests' Debian packages: try '${byHand}'`)
  }
}

function buildUi() {
  const ui = join(root, 'apps', 'lens', 'ui')
  const sources = listFiles(ui).filter((file) => !file.includes(`${join(ui, 'dist')}`))
  sources.push(join(root, 'apps', 'lens', 'src', 'api', 'contract.ts'), join(root, 'package-lock.json'))
  const stamp = digest(sources.sort().map((file) => readFileSync(file)))
  const stampFile = join(ui, 'dist', '.stamp')
  if (readIfThere(stampFile) === stamp) return
  say('Building the Lens UI…')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const result = spawnSync(pinnedNode, [vite, 'build', '--logLevel', 'warn'], { cwd: ui, stdio: ['ignore', 'inherit', 'inherit'] })
  if (result.status !== 0) fail('the Lens UI did not build: see the message above')
  writeFileSync(stampFile, stamp)
}

/**
 * Runs the pinned Node in a session of its own and forwards signals. On Ctrl-C the terminal signals us, and npm, which
 * was signalled too, signals us again: without the hand-over in between, one key press would look like two.
 */
function handOver(args) {
  const child = spawn(pinnedNode, args, {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: process.platform !== 'win32',
    env: { ...process.env, PATH: `${dirname(pinnedNode)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}` },
  })
  const echoWindowMs = 250
  let lastSignal = { name: '', at: 0 }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const now = performance.now()
      const echo = lastSignal.name === signal && now - lastSignal.at < echoWindowMs
      if (echo) return
      lastSignal = { name: signal, at: now }
      child.kill(signal)
    })
  }
  child.on('error', (error) => fail(`could not run ${pinnedNode}: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + ({ SIGINT: 2, SIGKILL: 9, SIGTERM: 15, SIGHUP: 1 }[signal] ?? 1))
  })
}

function listFiles(directory) {
  return readdirSync(directory).flatMap((name) => {
    if (name === 'node_modules' || name === 'dist') return []
    const path = join(directory, name)
    return statSync(path).isDirectory() ? listFiles(path) : [path]
  })
}

function digest(parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function say(message) {
  process.stderr.write(`${message}\n`)
}

function fail(message) {
  say(`rustok: ${message}`)
  process.exit(1)
}
