// @ts-check
// Brings a clone to readiness: packages, the tests' Debian packages, the built web UI. run.mjs calls it before every
// command; each step costs milliseconds when it has nothing to do. It must run on Node 20 with no package installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const pinnedNode = join(
  root,
  'node_modules',
  '.bin',
  process.platform === 'win32' ? 'node.cmd' : 'node',
)

/** What ends the command with one line instead of a stack. */
export class SetUpError extends Error {}

/** Debian packages that the tests drive, by the file that proves each is there. */
const debianPackages = {
  chromium: '/usr/bin/chromium',
  curl: '/usr/bin/curl',
  // Checks compose files without a daemon.
  'docker-compose': '/usr/bin/docker-compose',
  faketime: '/usr/bin/faketime',
  'mariadb-server-core': '/usr/sbin/mariadbd',
  'nats-server': '/usr/sbin/nats-server',
  openssl: '/usr/bin/openssl',
  // One directory for each major version.
  postgresql: '/usr/lib/postgresql',
  prometheus: '/usr/bin/promtool',
  'prometheus-node-exporter': '/usr/bin/prometheus-node-exporter',
  // Holds the server under another name, and starts no service.
  'redis-tools': '/usr/bin/redis-check-rdb',
  strace: '/usr/bin/strace',
  systemd: '/usr/bin/systemd-analyze',
  'python3-prometheus-client': '/usr/lib/python3/dist-packages/prometheus_client/openmetrics/parser.py',
}

export function installPackages() {
  if (existsSync(pinnedNode) && packagesMatchLock()) return
  say('Installing packages (about a minute, once)…')
  // Nothing here needs an install script: every binary ships inside its package.
  const npmArgs = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const npmCli = process.env.npm_execpath
  const status = npmCli?.endsWith('.js') ? run(process.execPath, [npmCli, ...npmArgs]) : run('npm', npmArgs)
  if (status !== 0) throw new SetUpError('npm ci failed: see its message above')
  if (!existsSync(pinnedNode)) {
    throw new SetUpError(`no Node.js 26 package for ${process.platform}-${process.arch} in the lock file`)
  }
}

/**
 * npm records what it installed, at the end of an installation, in a lock file inside node_modules: comparing the two
 * recognises an interrupted installation, a lock that git pulled, and a package that the developer just added.
 */
function packagesMatchLock() {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  return isInstalled(lockedPackages(join(root, 'package-lock.json')), lockedPackages(record))
}

/**
 * Whether all that a lock file wants is there. Links to the workspaces have neither version nor integrity.
 *
 * @param {Record<string, LockedPackage>} wanted
 * @param {Record<string, LockedPackage>} installed
 */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true
    const there = installed[path]
    // A package for another platform is optional and absent.
    if (there === undefined) return entry.optional === true || entry.devOptional === true
    return there.version === entry.version && there.integrity === entry.integrity
  })
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} LockedPackage
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
function lockedPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

export function installDebianPackages() {
  const missing = Object.entries(debianPackages)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name)
  if (missing.length === 0) return
  const byHand = `apt-get install ${missing.join(' ')}`
  if (process.getuid?.() !== 0) {
    throw new SetUpError(`the tests need these Debian packages: run '${byHand}' as root, then again`)
  }
  say(`Installing Debian packages: ${missing.join(' ')}…`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const updated = run('apt-get', ['update', '-qq'], { env }) === 0
  if (
    !updated ||
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env }) !== 0
  ) {
    throw new SetUpError(`could not install the tests' Debian packages: try '${byHand}'`)
  }
}

export function buildUi() {
  const ui = join(root, 'apps', 'lens', 'ui')
  const contract = join(root, 'apps', 'lens', 'src', 'api', 'contract.ts')
  const sources = [...listFiles(ui), contract, join(root, 'package-lock.json')].sort()
  const stamp = digest(sources.flatMap((file) => [file.slice(root.length), readFileSync(file)]))
  const stampFile = join(ui, 'dist', '.stamp')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  say('Building the Lens UI…')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  if (run(pinnedNode, [vite, 'build', '--logLevel', 'warn'], { cwd: ui }) !== 0) {
    throw new SetUpError('the Lens UI did not build: see the message above')
  }
  writeFileSync(stampFile, stamp)
}

/**
 * @param {string} directory
 * @returns {string[]}
 */
function listFiles(directory) {
  return readdirSync(directory).flatMap((name) => {
    if (name === 'node_modules' || name === 'dist' || name === 'test') return []
    const path = join(directory, name)
    return statSync(path).isDirectory() ? listFiles(path) : [path]
  })
}

/** @param {readonly (string | Buffer)[]} parts */
function digest(parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

/**
 * Shows what the program says on stderr alone: its progress is not what the user asked for.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
function run(program, args, { cwd = root, env = process.env } = {}) {
  const shell = process.platform === 'win32' && program === 'npm'
  return spawnSync(program, args, { cwd, env, shell, stdio: ['ignore', 'ignore', 'inherit'] }).status
}

/** @param {string} message */
function say(message) {
  process.stderr.write(`${message}\n`)
}
