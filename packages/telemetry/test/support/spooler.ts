/** Starts processes that have a spool and nothing else (fixtures/spooler.ts), commands them, and is the collector that they deliver to. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { atEnd } from './delivery.ts'
import { until } from './pipeline.ts'

export type Command =
  | { kind: 'emit'; count: number; size: number }
  /** Three every so many milliseconds, until there were so many. */
  | { kind: 'emitOn'; size: number; everyMs: number; most?: number }
  | { kind: 'emitOff' }
  | { kind: 'collector'; up: boolean }
  | { kind: 'answer'; id: number; retry?: boolean }
  | { kind: 'ledger' }
  | { kind: 'hoard' }
  | { kind: 'release' }
  | { kind: 'write'; path: string; bytes: number }
  | { kind: 'remove'; path: string }
  | { kind: 'execute'; program: string; args: string[] }
  | { kind: 'delay'; reset: boolean }
  | { kind: 'stop' }
  | { kind: 'exitSync'; count: number; size: number }

export type Report =
  | { kind: 'ready' }
  | { kind: 'request'; id: number; name: string }
  | { kind: 'stored'; name: string }
  | { kind: 'ledger'; ledger: LedgerSnapshot }
  | { kind: 'delay'; maxMs: number }

const fixture = fileURLToPath(new URL('../fixtures/spooler.ts', import.meta.url))
const gib = 1024 ** 3
/** Without it, most of a child's life is spent on its sources. */
const compileCache = mkdtempSync(join(tmpdir(), 'rustok-compile-cache-'))
process.on('exit', () => rmSync(compileCache, { recursive: true, force: true }))

export interface SpoolerOptions {
  /** In the names of its batches; 1 to 8 characters. */
  readonly owner?: string
  readonly maxBytes?: number
  /** What the command line of Node is handed to: a program and its arguments. */
  readonly wrapper?: readonly string[]
  readonly uid?: number
}

export class Spooler {
  readonly child: ChildProcess
  /** Names of the batches that were on disk. */
  readonly stored: string[] = []
  /** Names of the requests that came, in order. */
  readonly received: string[] = []
  stderr = ''
  /** False leaves requests without an answer, until `answerHeld`. */
  answering = true
  readonly held: { id: number; name: string }[] = []
  /** Names of requests that never get through. */
  readonly poison = new Set<string>()
  #ledger: LedgerSnapshot | undefined
  #delay: number | undefined
  #ready = false
  #closed = false

  constructor(directory: string, { owner = 'a', maxBytes = gib, wrapper = [], uid }: SpoolerOptions = {}) {
    const [program, ...args] = [
      ...wrapper,
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      fixture,
      directory,
      owner,
      String(maxBytes),
    ]
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    this.child = spawn(program!, args, {
      env: { ...env, NODE_COMPILE_CACHE: uid === undefined ? compileCache : '' },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      // With what it is wrapped in: a tracer that is killed leaves what it traces alive.
      detached: true,
      ...(uid !== undefined && { uid, gid: uid }),
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.child.on('message', (report: Report) => this.#hear(report))
    this.child.on('error', () => {})
    this.child.on('close', () => {
      this.#closed = true
    })
  }

  /** Resolves when it takes commands. */
  async ready(): Promise<this> {
    await until(() => this.#ready || this.#closed, 'the child to start')
    if (!this.#ready) throw new Error(`the child did not start: ${this.stderr}`)
    return this
  }

  tell(command: Command): void {
    if (this.child.connected) this.child.send(command, () => {})
  }

  async ledger(): Promise<LedgerSnapshot> {
    this.#ledger = undefined
    this.tell({ kind: 'ledger' })
    await until(() => this.#ledger !== undefined || this.#closed, 'the ledger')
    if (this.#ledger === undefined) throw new Error(`the child has ended: ${this.stderr}`)
    return balanced(this.#ledger)
  }

  /** Waits until the ledger is as wanted. */
  async when(holds: (ledger: LedgerSnapshot) => boolean, what?: string): Promise<LedgerSnapshot> {
    const deadline = performance.now() + 40_000
    for (;;) {
      const ledger = await this.ledger()
      if (holds(ledger)) return ledger
      if (performance.now() > deadline) {
        throw new Error(`waited in vain for ${what ?? holds}: ${JSON.stringify(ledger)}\n${this.stderr}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Answers from now on, and first what came before. */
  answerHeld(): void {
    this.answering = true
    for (const request of this.held.splice(0)) this.#answer(request)
  }

  /** Longest block of the event loop since the last reset. */
  async delay(reset: boolean): Promise<number> {
    this.#delay = undefined
    this.tell({ kind: 'delay', reset })
    await until(() => this.#delay !== undefined)
    return this.#delay!
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#closed) return
    if (this.child.pid !== undefined) process.kill(-this.child.pid, signal)
    await this.ended()
  }

  /** Ends in good order, and tells the last ledger. */
  async stop(): Promise<LedgerSnapshot> {
    this.#ledger = undefined
    this.tell({ kind: 'stop' })
    await this.ended()
    return balanced(this.#ledger!)
  }

  async ended(): Promise<void> {
    if (!this.#closed) await once(this.child, 'close')
  }

  #hear(report: Report): void {
    if (report.kind === 'ready') this.#ready = true
    else if (report.kind === 'stored') this.stored.push(report.name)
    else if (report.kind === 'ledger') this.#ledger = report.ledger
    else if (report.kind === 'delay') this.#delay = report.maxMs
    else {
      if (this.answering) this.#answer(report)
      else this.held.push(report)
    }
  }

  #answer({ id, name }: { id: number; name: string }): void {
    const retry = this.poison.has(name)
    if (!retry) this.received.push(name)
    this.tell({ kind: 'answer', id, retry })
  }
}

/** Starts one that ends with the test. */
export function startSpooler(directory: string, options?: SpoolerOptions): Promise<Spooler> {
  const spooler = new Spooler(directory, options)
  atEnd(() => spooler.kill())
  return spooler.ready()
}

function balanced(ledger: LedgerSnapshot): LedgerSnapshot {
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, count) => total + count, 0)
  const { created, exported, rejected, dropped, queued, spooled, recovered } = ledger
  const right = created === exported + rejected + sum(dropped) + queued + spooled
  const rightRecovered =
    recovered.found === recovered.exported + recovered.rejected + sum(recovered.dropped) + recovered.spooled
  const counts = [created, exported, rejected, queued, spooled, recovered.found, recovered.spooled]
  if (right && rightRecovered && counts.every((count) => Number.isSafeInteger(count) && count >= 0))
    return ledger
  throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`)
}
