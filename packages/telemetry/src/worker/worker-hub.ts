/**
 * The thread that exports, as its workers see it: takes the requests that they have sealed into its own queue and ledger. It patches nothing and
 * stays out of the application's messages: a worker finds an Invitation in its environment data and opens a port of its own.
 *
 *   worker: Hello with a port ─▶ hub      worker: spans ─▶ hub: queue, then `taken`
 */
import { type MessagePort, receiveMessageOnPort, setEnvironmentData, threadId } from 'node:worker_threads'
import type { ResourceInput } from '@rustok/otlp'
import { outside } from '../export/outside.ts'
import type { Pipeline } from '../export/pipeline.ts'
import { Board } from './board.ts'
import { announceWorkers } from './creation-context.ts'
import { type FromWorker, type Invitation, invitationKey, isHello, type ToWorker } from './messages.ts'
import { Welcome } from './welcome.ts'

/** What a worker that computes may delay a flush: it hands over when it comes to it. */
const gatherTimeoutMs = 500

export class WorkerHub {
  readonly #pipeline: Pipeline
  readonly #board = new Board()
  readonly #ports = new Set<MessagePort>()
  readonly #gathers = new Map<number, Gather>()
  readonly #stopAnnouncing: () => void
  #lastId = 0

  /** Invites the workers that start from now on; `resource` is the process's. */
  constructor(pipeline: Pipeline, resource: ResourceInput) {
    this.#pipeline = pipeline
    this.#board.open = true
    const invitation: Invitation = { threadId, resource, board: this.#board.memory }
    setEnvironmentData(invitationKey, invitation as never)
    this.#stopAnnouncing = announceWorkers(this.#board)
    process.on('workerMessage', this.#welcome)
  }

  /** Resolves when the workers have handed over all that has ended there, or after `timeoutMs`; at once without workers. */
  async gather(timeoutMs: number): Promise<void> {
    if (this.#ports.size === 0) return
    const id = ++this.#lastId
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gathers.set(id, { missing: new Set(this.#ports), resolve })
    // Referenced: the process must not exit while somebody waits for its spans.
    const timer = setTimeout(resolve, Math.min(timeoutMs, gatherTimeoutMs))
    for (const port of this.#ports) send(port, { kind: 'gather', id })
    await promise
    clearTimeout(timer)
    this.#gathers.delete(id)
  }

  /** Takes what workers have sent and the event loop has not come to; for a process that exits. */
  receiveNow(): void {
    for (const port of this.#ports) {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        this.#receive(port, next.message)
      }
    }
  }

  /** From now on workers export by themselves what they still have. */
  close(): void {
    this.#board.open = false
    setEnvironmentData(invitationKey, undefined as never)
    this.#stopAnnouncing()
    process.off('workerMessage', this.#welcome)
    this.receiveNow()
    for (const port of this.#ports) port.close()
    this.#ports.clear()
  }

  readonly #welcome = (value: unknown): void => {
    if (!isHello(value)) return
    const { port, welcome } = value
    if (!new Welcome(welcome).give()) {
      port.close()
      return
    }
    outside(() => {
      port.on('message', (message: FromWorker) => this.#receive(port, message))
      port.on('close', () => {
        this.#ports.delete(port)
        for (const gather of this.#gathers.values()) arrived(gather, port)
      })
    })
    port.unref()
    this.#ports.add(port)
  }

  #receive(port: MessagePort, message: FromWorker): void {
    if (message.kind === 'gathered') {
      const gather = this.#gathers.get(message.id)
      if (gather !== undefined) arrived(gather, port)
    } else if (message.kind === 'spans') {
      const { id, request, spans } = message
      const dropped = this.#pipeline.accept(
        Buffer.from(request.buffer, request.byteOffset, request.length),
        spans,
      )
      send(port, { kind: 'taken', id, dropped })
    } else {
      const { id, timeoutMs } = message
      void this.#pipeline.flush(timeoutMs).then(() => send(port, { kind: 'flushed', id }))
    }
  }
}

interface Gather {
  readonly missing: Set<MessagePort>
  readonly resolve: () => void
}

function arrived({ missing, resolve }: Gather, port: MessagePort): void {
  missing.delete(port)
  if (missing.size === 0) resolve()
}

/** To a port that has closed a message goes nowhere, without an error. */
function send(port: MessagePort, message: ToWorker): void {
  port.postMessage(message)
}
