/**
 * The context in which a worker thread is created, from its creator to the worker: a worker that is made for a request continues that
 * request's trace. Node publishes each new worker while its creator's context is active.
 */
import { type Context, defaultTextMapGetter, defaultTextMapSetter } from '@opentelemetry/api'
import { believing, withTenant } from '../context/baggage-boundary.ts'
import { BaggagePropagator } from '../context/baggage-propagator.ts'
import { emptyContext, type TraceContext } from '../context/context.ts'
import { activeContext } from '../context/context-manager.ts'
import { TraceContextPropagator } from '../context/trace-context-propagator.ts'
import { subscribeAll } from '../instrument/subscribe.ts'
import { type Board, maxRecordBytes } from './board.ts'

/** Whatever OTEL_PROPAGATORS says: this is between threads of one process. */
const propagators = [new TraceContextPropagator(), new BaggagePropagator()] as const

/** Announces the workers that this thread creates; the returned function stops it. */
export function announceWorkers(board: Board): () => void {
  return subscribeAll({
    worker_threads: ({ worker }: { worker: { threadId: number } }) =>
      board.announce(worker.threadId, writeContext(activeContext())),
  })
}

/** The context in which this worker was created. */
export function creationContext(board: Board, threadId: number): TraceContext {
  return readContext(board.takeRecord(threadId))
}

function writeContext(context: TraceContext): Uint8Array {
  const carrier: Record<string, string> = {}
  const own = withTenant(context)
  for (const propagator of propagators) propagator.inject(own, carrier, defaultTextMapSetter)
  const record = encode(carrier)
  if (record.length <= maxRecordBytes) return record
  const { traceparent } = carrier
  return traceparent === undefined ? new Uint8Array(0) : encode({ traceparent })
}

function encode(carrier: Record<string, string>): Uint8Array {
  return Object.keys(carrier).length === 0 ? new Uint8Array(0) : Buffer.from(JSON.stringify(carrier))
}

function readContext(record: Uint8Array): TraceContext {
  if (record.length === 0) return emptyContext
  const carrier: unknown = JSON.parse(Buffer.from(record).toString())
  return believing((into) =>
    propagators.reduce<Context>(
      (context, part) => part.extract(context, carrier, defaultTextMapGetter),
      into,
    ),
  )
}
