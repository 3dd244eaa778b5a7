/** What passes between the thread that exports and the worker threads that hand their spans to it. */
import type { MessagePort } from 'node:worker_threads'
import type { ResourceInput } from '@rustok/otlp'

/** Under which a thread that exports leaves its Invitation for the workers that start below it (`setEnvironmentData`). */
export const invitationKey = '@rustok/telemetry/workers/1'

/** Every worker gets a copy when it starts; it costs nothing until one joins. */
export interface Invitation {
  /** The thread that exports. */
  readonly threadId: number
  /** Of its process: a worker's spans come from the same service. */
  readonly resource: ResourceInput
  /** See Board. */
  readonly board: SharedArrayBuffer
}

/** What a worker sends to the thread that invited it, by `postMessageToThread`, once. */
export interface Hello {
  readonly [helloKey]: true
  readonly port: MessagePort
  /** See Welcome. */
  readonly welcome: SharedArrayBuffer
}

/** Applications may use `postMessageToThread` themselves: whoever listens can tell ours. */
export const helloKey = '@rustok/telemetry/hello'

export function isHello(value: unknown): value is Hello {
  return typeof value === 'object' && value !== null && (value as Partial<Hello>)[helloKey] === true
}

export type FromWorker =
  /** A sealed request, whose memory changes hands. Answered with `taken`. */
  | { readonly kind: 'spans'; readonly id: number; readonly request: Uint8Array; readonly spans: number }
  /** Asks for everything to be delivered. Answered with `flushed`. */
  | { readonly kind: 'flush'; readonly id: number; readonly timeoutMs: number }
  /** Answers `gather`: all that had ended was sent before this. */
  | { readonly kind: 'gathered'; readonly id: number }

export type ToWorker =
  /** The spans are now the receiver's, in its ledger; `dropped` of them for want of room. */
  | { readonly kind: 'taken'; readonly id: number; readonly dropped: number }
  | { readonly kind: 'flushed'; readonly id: number }
  /** Asks for all that has ended. */
  | { readonly kind: 'gather'; readonly id: number }
