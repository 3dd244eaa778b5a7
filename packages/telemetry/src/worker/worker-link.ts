/**
 * A worker thread's way to the thread that exports: an Exporter whose other end is a port. A request's bytes are copied once, out of the
 * buffer that the worker uses again, and the copy changes hands. Once the other thread has stopped, the worker exports by itself.
 */
import {
  getEnvironmentData,
  MessageChannel,
  type MessagePort,
  postMessageToThread,
  threadId,
} from 'node:worker_threads'
import type { ResourceInput } from '@rustok/otlp'
import type { TraceContext } from '../context/context.ts'
import { type Batch, copyOf } from '../export/batch.ts'
import type { Exporter, ExportOutcome } from '../export/exporter.ts'
import type { Ledger } from '../export/ledger.ts'
import { outside } from '../export/outside.ts'
import { Board } from './board.ts'
import { announceWorkers, creationContext } from './creation-context.ts'
import {
  type FromWorker,
  type Hello,
  helloKey,
  type Invitation,
  invitationKey,
  type ToWorker,
} from './messages.ts'
import { Welcome } from './welcome.ts'

/** A worker that ends before the other thread knows of it waits this long for it at most: delivering by itself costs a thread. */
const maxPatienceMs = 1000

export interface WorkerLinkOptions {
  /** For when the other thread has stopped. */
  readonly exportAlone: () => Exporter
  /** Seals what has ended and resolves when the other thread has it. */
  readonly handOverAll: () => Promise<unknown>
}

/** The link of this thread, or undefined where nobody has invited it: in the main thread, and where the main thread does not trace. */
export function joinExportingThread(options: WorkerLinkOptions): WorkerLink | undefined {
  const invitation = getEnvironmentData(invitationKey) as unknown as Invitation | undefined
  if (invitation === undefined || invitation.threadId === threadId) return undefined
  const board = new Board(invitation.board)
  return board.open ? new WorkerLink(invitation, board, options) : undefined
}

export class WorkerLink implements Exporter {
  /** The process's, with this thread's id. */
  readonly resource: ResourceInput
  /** In which this worker was created. */
  readonly context: TraceContext
  readonly #port: MessagePort
  readonly #options: WorkerLinkOptions
  readonly #stopAnnouncing: () => void
  /** By the id of what was sent; `undefined` answers those that the other thread never will. */
  readonly #answers = new Map<number, (answer: ToWorker | undefined) => void>()
  /** Requests that the other thread has, or will have. */
  readonly #sent = new WeakSet<Uint8Array>()
  readonly #welcome = new Welcome()
  #lastId = 0
  #alone: Exporter | undefined
  #closed = false

  constructor(invitation: Invitation, board: Board, options: WorkerLinkOptions) {
    const { resource } = invitation
    this.resource = { ...resource, attributes: { ...resource.attributes, 'thread.id': threadId } }
    this.context = creationContext(board, threadId)
    this.#options = options
    this.#stopAnnouncing = announceWorkers(board)
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    outside(() => {
      port1.on('message', (message: ToWorker) => this.#receive(message))
      port1.on('close', () => this.#disconnect())
    })
    port1.unref()
    // What is sent before the other thread knows of the port waits in it.
    const hello: Hello = { [helloKey]: true, port: port2, welcome: this.#welcome.memory }
    postMessageToThread(invitation.threadId, hello, [port2]).catch(() => port1.close())
  }

  /** Without a deadline: the other thread answers when its event loop turns, and sending twice would count twice. */
  async export(request: Uint8Array, timeoutMs: number, spans: number): Promise<ExportOutcome> {
    if (this.#closed) return this.#exportAlone(request, timeoutMs, spans)
    const answer = await this.#ask((id) => this.#sendSpans(id, request, spans))
    if (answer === undefined) return { kind: 'retry', reason: 'the main thread has stopped', retryAfterMs: 0 }
    const dropped = answer.kind === 'taken' ? answer.dropped : 0
    if (dropped > 0) return { kind: 'refused', reason: 'its queue is full' }
    return { kind: 'accepted', rejected: 0, message: '' }
  }

  /** A message is a copy of memory; a worker that computes without a pause hands over what is full all the same. */
  get immediate(): boolean {
    return this.open
  }

  /** Whether the other thread is there. */
  get open(): boolean {
    return !this.#closed
  }

  /**
   * For a thread that exits: whether what it sends now reaches the other one. If not, nothing that it has sent does. Takes at most half of
   * `timeoutMs` to find out.
   */
  arrives(timeoutMs: number): boolean {
    return !this.#closed && !this.#welcome.takeBack(Math.min(maxPatienceMs, timeoutMs / 2))
  }

  /** Sends what the other thread does not have yet, for a thread that exits. */
  handOver(batches: readonly Batch[], ledger: Ledger): void {
    for (const { request, spans } of batches) {
      if (!this.#sent.has(request)) this.#sendSpans(0, request, spans)
      ledger.exported += spans
    }
  }

  /** Resolves when the other thread has delivered all that it has, or given up, or after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    if (this.#closed) return
    const { promise, resolve } = Promise.withResolvers<void>()
    // Referenced, as the port is not: the worker must not exit while somebody waits for its spans.
    const timer = setTimeout(resolve, timeoutMs)
    await Promise.race([promise, this.#ask((id) => this.#post({ kind: 'flush', id, timeoutMs }))])
    clearTimeout(timer)
  }

  close(): void {
    this.#stopAnnouncing()
    this.#port.close()
    this.#alone?.close()
  }

  #exportAlone(request: Uint8Array, timeoutMs: number, spans: number): Promise<ExportOutcome> {
    this.#alone ??= this.#options.exportAlone()
    return this.#alone.export(request, timeoutMs, spans)
  }

  #sendSpans(id: number, request: Uint8Array, spans: number): void {
    this.#sent.add(request)
    const copy = copyOf(request)
    this.#port.postMessage({ kind: 'spans', id, request: copy, spans } satisfies FromWorker, [
      copy.buffer as ArrayBuffer,
    ])
  }

  #post(message: FromWorker): void {
    this.#port.postMessage(message)
  }

  /** The answer to the message that `send` sends; undefined when the other thread is gone. */
  #ask(send: (id: number) => void): Promise<ToWorker | undefined> {
    const id = ++this.#lastId
    const { promise, resolve } = Promise.withResolvers<ToWorker | undefined>()
    this.#answers.set(id, resolve)
    send(id)
    return promise
  }

  #receive(message: ToWorker): void {
    const { kind, id } = message
    if (kind === 'gather') {
      void this.#options.handOverAll().then(() => this.#post({ kind: 'gathered', id }))
      return
    }
    this.#answers.get(id)?.(message)
    this.#answers.delete(id)
  }

  #disconnect(): void {
    this.#closed = true
    for (const answer of this.#answers.values()) answer(undefined)
    this.#answers.clear()
  }

  toString(): string {
    return this.#alone === undefined ? 'the main thread' : String(this.#alone)
  }
}
