/** The ways in which the same application is started. What differs is what Node imports first; nothing in the application knows. */

export interface Mode {
  readonly label: string
  /** Module that starts tracing, undefined for none. */
  readonly register: string | undefined
  /** Whether a span that was made and did not arrive fails the bench. */
  readonly lossless: boolean
}

export const bare: Mode = { label: 'bare', register: undefined, lossless: true }

export const ours: Mode = {
  label: '@rustok/telemetry',
  register: import.meta.resolve('@rustok/telemetry/register'),
  lossless: true,
}

/** As many spans as the official instrumentation makes of graphql 17: the server span alone. */
export const oursServerSpan: Mode = {
  label: '@rustok/telemetry, server span alone',
  register: import.meta.resolve('./start-server-span.ts'),
  lossless: true,
}

export const official: Mode = {
  label: 'auto-instrumentations-node',
  register: import.meta.resolve('@opentelemetry/auto-instrumentations-node/register'),
  lossless: false,
}

/** The same environment for all: 100% sampling, traces alone, OTLP/gRPC, and no resource detector that asks the network. */
export function environmentOf(sinkPort: number): Record<string, string> {
  return {
    NODE_ENV: 'production',
    OTEL_SERVICE_NAME: 'bench',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sinkPort}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process,serviceinstance',
  }
}
