// @ts-check
// The application of the load suite: says what it cost to come here, then ends. Plain JavaScript, because stripping types would be most of it.
const elapsed = performance.now()
const { user, system } = process.cpuUsage()
globalThis.gc?.()
const { rss, heapUsed } = process.memoryUsage()
process.stdout.write(
  JSON.stringify({
    elapsedMs: elapsed,
    cpuMs: (user + system) / 1000,
    residentMb: rss / 1e6,
    heapMb: heapUsed / 1e6,
    // The proof that tracing is on: what the OpenTelemetry API calls, or Datadog's tracer.
    started: started(),
  }),
)
process.exit(0)

function started() {
  const shared = /** @type {Record<symbol, { trace?: unknown } | undefined>} */ (
    /** @type {unknown} */ (globalThis)
  )
  const tracers = [shared[Symbol.for('opentelemetry.js.api.1')]?.trace, shared[Symbol.for('dd-trace')]]
  return tracers.some((tracer) => tracer !== undefined)
}
