/** The event that is being handled: what its handler emits, at whatever depth, names it as its cause. */
import { AsyncLocalStorage } from 'node:async_hooks'

export interface Cause {
  readonly id: string
  readonly correlationid: string
}

const storage = new AsyncLocalStorage<Cause>()

export function causedBy<T>(event: Cause, work: () => T): T {
  return storage.run(event, work)
}

export function currentCause(): Cause | undefined {
  return storage.getStore()
}
