// @ts-check
// Runs one child in place of this process: same terminal, same signals, same exit code. run.mjs calls it with the pinned
// Node; it must itself run on Node 20.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/**
 * On Ctrl-C the terminal signals us, and npm, which was signalled too, signals us again a few milliseconds later. Within
 * this window they are one key press; nobody presses twice that fast.
 */
const echoWindowMs = 250

/** @type {readonly NodeJS.Signals[]} */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * The child gets a session of its own, so that each key press reaches it once, from here. It also gets an IPC channel, whose
 * end tells it that we are gone even when we were killed.
 *
 * @param {string} executable
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} the exit code; 128 + signal number when a signal ended the child, as shells count it
 */
export function handOver(executable, args, { cwd, env }) {
  const ownSession = process.platform !== 'win32'
  const child = spawn(executable, args, {
    cwd,
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: ownSession,
  })
  const accept = coalesce(echoWindowMs)
  for (const signal of forwarded) {
    process.on(signal, () => {
      if (accept(signal, performance.now())) child.kill(signal)
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })
}

/**
 * Tells repeated signals from echoes of one. The window starts at the accepted signal: a key held down gets through.
 *
 * @param {number} windowMs
 * @returns {(signal: string, atMs: number) => boolean}
 */
export function coalesce(windowMs) {
  let last = { signal: '', atMs: Number.NEGATIVE_INFINITY }
  return (signal, atMs) => {
    if (signal === last.signal && atMs - last.atMs < windowMs) return false
    last = { signal, atMs }
    return true
  }
}
