/**
 * A collector: a real gRPC server of `@grpc/grpc-js` that records the bytes it gets and answers as a test tells it. What it accepted is
 * read by somebody else's decoder.
 */
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, status } from '@grpc/grpc-js'
import { decodeRequest, type ReceivedRequest, type ReceivedSpan } from './decode.ts'

export interface Answer {
  /** A gRPC status code; OK by default. */
  readonly code?: number
  readonly details?: string
  /** Trailers. */
  readonly metadata?: Metadata
  /** The bytes of the response to an accepted request; empty by default. */
  readonly response?: Uint8Array
  /** Sends headers first, so that an error comes as trailers behind them. */
  readonly headersFirst?: boolean
}

/** How a request is answered; `undefined` leaves it without an answer. */
export type Answering = (attempt: number) => Answer | undefined | Promise<Answer | undefined>

export interface Collector {
  readonly port: number
  readonly endpoint: string
  /** Requests that came, whatever became of them. */
  readonly attempts: number
  /** Metadata of the last request. */
  readonly metadata: Metadata | undefined
  /** Requests that were answered with OK, in order. */
  readonly accepted: readonly ReceivedRequest[]
  /** Their spans. */
  spans(): readonly ReceivedSpan[]
  answer: Answering
  /** Ends in good order: answers what it has received, then closes. */
  drain(): Promise<void>
  stop(): void
}

type Respond = (
  error: { code: number; details?: string; metadata?: Metadata } | null,
  response?: Buffer,
) => void

const same = (bytes: Buffer): Buffer => bytes
const Export = {
  path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
} as const

export interface CollectorOptions {
  readonly port?: number | undefined
  readonly maxReceiveBytes?: number | undefined
  /** TLS; by default plain text. */
  readonly credentials?: ServerCredentials | undefined
}

export async function startCollector(
  answer: Answering = () => ({}),
  {
    port = 0,
    maxReceiveBytes = 64 * 1024 * 1024,
    credentials = ServerCredentials.createInsecure(),
  }: CollectorOptions = {},
): Promise<Collector> {
  const bytes: Buffer[] = []
  let decoded: ReceivedRequest[] = []
  const server = new Server({ 'grpc.max_receive_message_length': maxReceiveBytes })
  const receive = async (call: ServerUnaryCall<Buffer, Buffer>, respond: Respond) => {
    collector.attempts++
    collector.metadata = call.metadata
    const given = await collector.answer(collector.attempts)
    if (given === undefined) return
    const { code = status.OK, details, metadata, response, headersFirst } = given
    if (headersFirst === true) call.sendMetadata(new Metadata())
    if (code === status.OK) {
      bytes.push(call.request)
      respond(null, Buffer.from(response ?? new Uint8Array()))
    } else {
      respond({
        code,
        ...(details !== undefined && { details }),
        ...(metadata !== undefined && { metadata }),
      })
    }
  }
  server.addService({ Export }, { Export: receive })
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, at) =>
      error === null ? resolve(at) : reject(error),
    )
  })
  const collector = {
    port: bound,
    endpoint: `http://127.0.0.1:${bound}`,
    attempts: 0,
    metadata: undefined as Metadata | undefined,
    get accepted() {
      decoded = [...decoded, ...bytes.slice(decoded.length).map(decodeRequest)]
      return decoded
    },
    spans: () => collector.accepted.flatMap(({ spans }) => spans),
    answer,
    drain: () => new Promise<void>((resolve) => server.tryShutdown(() => resolve())),
    stop: () => server.forceShutdown(),
  }
  return collector
}
