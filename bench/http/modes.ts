/** The ways in which the same application is started. What differs is what Node imports first; nothing in the application knows. */
import type { Protocol } from '../sink/received.ts'

export interface Mode {
  readonly label: string
  /** Module that starts tracing, undefined for none. */
  readonly register: string | undefined
  /** Whether a span that was made and did not arrive fails the bench. */
  readonly lossless: boolean
  readonly protocol: Protocol
  /** Brings what the mode needs and the repository does not have. */
  prepare?(): void
  /** The same settings for all, each in its own words: 100% sampling, traces alone, and nothing that asks the network. */
  environment(sinkPort: number): Record<string, string>
}

function overOtlp(label: string, register: string | undefined, lossless: boolean): Mode {
  return {
    label,
    register,
    lossless,
    protocol: 'otlp-grpc',
    environment: (sinkPort) => ({
      NODE_ENV: 'production',
      OTEL_SERVICE_NAME: 'bench',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sinkPort}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process,serviceinstance',
    }),
  }
}

export const bare = overOtlp('bare', undefined, true)

export const ours = overOtlp('@rustok/telemetry', import.meta.resolve('@rustok/telemetry/register'), true)

/** As many spans as the official instrumentation makes of graphql 17: the server span alone. */
export const oursServerSpan = overOtlp(
  '@rustok/telemetry, server span alone',
  import.meta.resolve('./start-server-span.ts'),
  true,
)

export const official = overOtlp(
  'auto-instrumentations-node',
  import.meta.resolve('@opentelemetry/auto-instrumentations-node/register'),
  false,
)
