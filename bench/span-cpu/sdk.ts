/** `@opentelemetry/sdk-trace` with its OTLP serializer, and with its batch processor and gRPC exporter. */
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { type Account, batchSize, type Contender, type Stage } from './contender.ts'

interface Pipeline {
  readonly processor: SpanProcessor
  readonly settle: Contender['settle']
  account(): Account
}

/** There is no `off`: switched off, this SDK registers nothing, which is the API alone. */
export async function startSdk(stage: Exclude<Stage, 'off'>, endpoint: string): Promise<Contender> {
  const { processor, settle, account } = stage === 'export' ? exporting(endpoint) : encoding()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'rustok-server', 'service.version': '0.1.0' }),
    spanProcessors: [processor],
    ...(stage === 'unsampled' && { sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) }),
  })
  trace.setGlobalTracerProvider(provider)
  return {
    tracer: trace.getTracer('bench'),
    settle,
    async finish() {
      await provider.forceFlush()
      const result = account()
      await provider.shutdown()
      return result
    },
  }
}

/** Cheaper than the batch processor, which brings timers and promises: the SDK's spans and serializer are what is timed. */
function encoding(): Pipeline {
  let batch: ReadableSpan[] = []
  let done = 0
  let sample: Uint8Array | undefined
  const serialize = () => {
    if (batch.length === 0) return
    const request = ProtobufTraceSerializer.serializeRequest(batch)
    if (request === undefined) throw new Error('the serializer returned nothing')
    sample ??= request
    done += batch.length
    batch = []
  }
  const processor: SpanProcessor = {
    onStart() {},
    onEnd(span) {
      batch.push(span)
      if (batch.length === batchSize) serialize()
    },
    forceFlush: async () => serialize(),
    shutdown: async () => {},
  }
  return { processor, settle: undefined, account: () => ({ done, sample }) }
}

/** The batch processor sends a batch as soon as it is full; waiting for its answer before the next keeps it from dropping any. */
function exporting(endpoint: string): Pipeline {
  const exporter = new OTLPTraceExporter({ url: endpoint })
  let done = 0
  let answered = Promise.withResolvers<void>()
  const watched: SpanExporter = {
    export(spans, callback) {
      exporter.export(spans, (result) => {
        callback(result)
        if (result.error !== undefined) answered.reject(result.error)
        else done += spans.length
        answered.resolve()
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  }
  return {
    processor: new BatchSpanProcessor({ exporter: watched, maxExportBatchSize: batchSize }),
    async settle() {
      await answered.promise
      answered = Promise.withResolvers()
    },
    account: () => ({ done, sample: undefined }),
  }
}
