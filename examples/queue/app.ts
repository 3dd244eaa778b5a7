/** A producer and a worker in two processes, with a queue between: here Node's IPC channel, whose messages have no headers. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { SpanKind } from '@opentelemetry/api'
import { continueTrace, correlate, injectContext, tracedSpan } from '@rustok/telemetry'

interface Message {
  readonly orderId: string
  /** The context, beside the body. */
  readonly trace: Record<string, string>
}

if (process.send === undefined) await produce()
else process.on('message', (message) => work(message as Message))

async function produce(): Promise<void> {
  const worker = fork(fileURLToPath(import.meta.url), {
    env: { ...process.env, OTEL_SERVICE_NAME: 'order-worker' },
  })
  correlate({ tenantId: process.env.TENANT ?? 'acme' }, () => {
    tracedSpan('send order', { 'messaging.destination.name': 'orders' }, { kind: SpanKind.PRODUCER }, () => {
      // `trusted`: it is our own queue, so tenant and user go along.
      const message: Message = { orderId: '42', trace: injectContext({}, { trusted: true }) }
      worker.send(message)
    })
  })
  await once(worker, 'exit')
}

function work({ orderId, trace }: Message): void {
  continueTrace(trace, { trusted: true }, () => {
    tracedSpan('process order', { 'order.id': orderId }, { kind: SpanKind.CONSUMER }, () => {
      tracedSpan('print invoice', () => console.log(`order ${orderId} is done`))
    })
  })
  process.disconnect?.()
}
