/** What serves: senders and readers. `lens` loads it while the store opens, since it takes as long as that. */

export { ApiServer } from './api/api-server.ts'
export { CallCounter } from './calls/call-counter.ts'
export { GrpcReceiver } from './ingest/grpc-receiver.ts'
export { HttpReceiver } from './ingest/http-receiver.ts'
export { LogIntake } from './ingest/log-intake.ts'
export { logsRoute, traceRoute } from './ingest/otlp-routes.ts'
export { SpanIntake } from './ingest/span-intake.ts'
export { zipkinRoute } from './ingest/zipkin/route.ts'
