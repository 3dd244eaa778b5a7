/** Subscriptions to diagnostics channels that cannot throw into the application, undone together. */
import diagnosticsChannel from 'node:diagnostics_channel'
import { diag } from '../own-diag.ts'

type Handler<T> = (message: T) => void

/** Subscribes each handler to the channel of its name; the returned function unsubscribes them. */
export function subscribeAll(handlers: { readonly [channel: string]: Handler<never> }): () => void {
  const subscriptions = Object.entries(handlers).map(([channel, handler]) => {
    const guarded = (message: unknown) => {
      try {
        ;(handler as Handler<unknown>)(message)
      } catch (cause) {
        diag.error(`instrumentation of ${channel} failed; the application is not affected`, cause)
      }
    }
    diagnosticsChannel.subscribe(channel, guarded)
    return { channel, guarded }
  })
  return () => {
    for (const { channel, guarded } of subscriptions) diagnosticsChannel.unsubscribe(channel, guarded)
  }
}
