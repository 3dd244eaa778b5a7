/** For functions of the application that are called for a value and are asynchronous by mistake: nobody awaits what they return. */
import { types } from 'node:util'

/** True for a promise, whose rejection would end the process if nobody handled it. */
export function ignoreRejection(returned: unknown): boolean {
  if (!types.isPromise(returned)) return false
  Promise.prototype.then.call(returned, undefined, () => {})
  return true
}
