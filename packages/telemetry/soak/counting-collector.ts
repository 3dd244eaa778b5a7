/** A gRPC collector that remembers of each span's number whether it came, in a bit: millions of them in little memory. */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import { decodeTraceRequest } from '@rustok/otlp'

/** Which numbers came, across collectors that come and go. */
export class Seen {
  #bits = new Uint8Array(1 << 20)
  distinct = 0
  duplicates = 0

  add(number: number): void {
    const index = number >> 3
    while (index >= this.#bits.length) {
      const grown = new Uint8Array(this.#bits.length * 2)
      grown.set(this.#bits)
      this.#bits = grown
    }
    const bit = 1 << (number & 7)
    if ((this.#bits[index]! & bit) !== 0) {
      this.duplicates++
      return
    }
    this.#bits[index]! |= bit
    this.distinct++
  }

  /** How many of the numbers did not come. */
  missing(from: number, to: number): number {
    let missing = 0
    for (let number = from; number < to; number++) {
      if (((this.#bits[number >> 3] ?? 0) & (1 << (number & 7))) === 0) missing++
    }
    return missing
  }
}

export interface CountingCollector {
  readonly port: number
  readonly seen: Seen
  stop(): Promise<void>
}

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

export async function startCountingCollector(port: number, seen = new Seen()): Promise<CountingCollector> {
  const server = new Server()
  server.addService(
    { Export },
    {
      Export: ({ request }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
        for (const number of numbersIn(request)) seen.add(number)
        answer(null, Buffer.alloc(0))
      },
    },
  )
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    )
  })
  return { port: bound, seen, stop: async () => server.forceShutdown() }
}

function* numbersIn(request: Uint8Array): Generator<number> {
  for (const { scopeSpans } of decodeTraceRequest(request).resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const { attributes } of spans) {
        const value = attributes.find(({ key }) => key === 'soak.number')?.value
        if (typeof value !== 'bigint') throw new Error('a span without a number')
        yield Number(value)
      }
    }
  }
}
