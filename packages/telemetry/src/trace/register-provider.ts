/**
 * Registers a provider with the OpenTelemetry API such that tracers which somebody has already got record, too: those of an earlier
 * initTracing, and those that a module asked for before there was any. Called by tracing.ts.
 */
import { createRequire } from 'node:module'
import { type TracerProvider as TracerProviderApi, trace } from '@opentelemetry/api'
import type { TracerProvider } from './tracer-provider.ts'

let latest: TracerProvider | undefined

/** Of the last start, be it over. */
export function latestProvider(): TracerProvider | undefined {
  return latest
}

/** False when another SDK has registered. */
export function registerProvider(provider: TracerProvider): boolean {
  const proxies = proxiesOfOtherCopies()
  if (!trace.setGlobalTracerProvider(provider)) return false
  for (const proxy of proxies) proxy.setDelegate(provider)
  succeed(provider)
  return true
}

/** `provider` takes over the tracers of the last one. */
export function succeed(provider: TracerProvider): void {
  if (latest !== undefined) provider.adopt(latest)
  latest = provider
}

interface Proxy {
  setDelegate(provider: TracerProviderApi): void
}

/** As somebody's package exports it. */
interface ApiCopy {
  readonly trace?: { getTracerProvider?(): Partial<Proxy> }
}

const fileOfApi = /[\\/]@opentelemetry[\\/]api[\\/](build|dist)[\\/](src[\\/])?index\.c?js$/

/**
 * The API that `require` loads is another copy than the one that `import` loads. They share what is registered, but each keeps its own proxy
 * for the tracers that were asked for earlier, and tells it only of a provider that was registered through itself.
 */
function proxiesOfOtherCopies(): readonly Proxy[] {
  const { cache } = createRequire(import.meta.url)
  return Object.keys(cache)
    .filter((file) => fileOfApi.test(file))
    .flatMap((file) => {
      const provider = (cache[file]?.exports as ApiCopy | undefined)?.trace?.getTracerProvider?.()
      return typeof provider?.setDelegate === 'function' ? [provider as Proxy] : []
    })
}
