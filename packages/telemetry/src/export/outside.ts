/**
 * Where the pipeline's own work runs: outside of every request, so that a timer that lives as long as the process holds no request's
 * async stores, and with tracing suppressed, so that no instrumentation traces the export of its own spans.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { suppressedContext } from '../context/context.ts'
import { contextStorage } from '../context/context-manager.ts'

export const outside: <T>(work: () => T) => T = contextStorage.run(suppressedContext, () =>
  AsyncLocalStorage.snapshot(),
)
