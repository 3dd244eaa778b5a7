/**
 * Unary gRPC calls on node:http2, and nothing else of gRPC. @grpc/grpc-js does more with each call than Lens has use for (filters, interceptors, three
 * copies of the message), and has no window larger than HTTP/2's default. `GrpcReceiver` says what the calls do.
 */

import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { BodyBudget } from '../body-budget.ts'
import { httpLimits } from '../limits.ts'
import { FrontDoor, type OnStranger } from './front-door.ts'
import { failureTrailers, GrpcCode, GrpcError } from './grpc-status.ts'
import { MessageBuffers } from './message-buffers.ts'
import { acceptedEncodings, readMessage } from './read-message.ts'

export interface UnaryMethod {
  /**
   * Judges a call by its headers, before its message is read: what it throws is its answer. What it returns makes the answer's message of the
   * call's, whose bytes are others' when it has resolved.
   */
  open(headers: IncomingHttpHeaders): (message: Buffer) => Promise<Uint8Array>
}

export interface GrpcServerOptions {
  /** By path: `/package.Service/Method`. */
  readonly methods: Readonly<Record<string, UnaryMethod>>
  readonly errorOf: (error: unknown) => GrpcError
  /** Told of each call that fails, with the path of its method. */
  readonly onRefusal?: (error: GrpcError, path: string) => void
  readonly onStranger: OnStranger
  /** Bytes of one message, as sent and again as inflated, and of all that are being read and answered. */
  readonly largestMessage: number
  readonly messages: number
  /** Milliseconds for all of a call's message. */
  readonly readTime: number
}

/**
 * How much a sender may have on its way to us: HTTP/2's default of 64 kB for all calls makes it wait for us after every 150 spans. What has arrived
 * counts against `messages`, so that this is no one's memory.
 */
const streamWindow = 1024 * 1024
const connectionWindow = 16 * 1024 * 1024

const look = 1_000

export class GrpcServer {
  readonly #options: GrpcServerOptions
  readonly #budget: BodyBudget
  readonly #buffers = new MessageBuffers()
  readonly #sessions = new Set<ServerHttp2Session>()
  /** Calls whose message is not here yet, with the time when that ends them. */
  readonly #reading = new Map<ServerHttp2Stream, number>()
  #watch: NodeJS.Timeout | undefined
  // No bound on concurrent streams: Node's server resets what a client opens beyond it in good faith, and senders drop the spans. Nor on a
  // session's memory, which Node would enforce in the same way: `messages` is one for all of them.
  readonly #server = createServer({
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
    settings: { initialWindowSize: streamWindow, maxHeaderListSize: 16 * 1024, enablePush: false },
  })

  readonly #door: FrontDoor

  constructor(options: GrpcServerOptions) {
    this.#options = options
    this.#door = new FrontDoor(this.#server, options.onStranger)
    this.#budget = new BodyBudget(options.messages)
    this.#server.on('session', (session) => {
      this.#sessions.add(session)
      session.setLocalWindowSize(connectionWindow)
      session.on('error', () => {})
      session.on('close', () => this.#sessions.delete(session))
    })
    this.#server.on('sessionError', () => {})
    this.#server.on('stream', (stream: ServerHttp2Stream, headers) => this.#answer(stream, headers))
  }

  async listen(host: string, port: number): Promise<number> {
    const taken = await this.#door.listen(host, port)
    this.#watch = setInterval(() => this.#endSlowCalls(), look).unref()
    return taken
  }

  /** Takes no more calls, and resolves when those in flight are answered. */
  async close(): Promise<void> {
    const closed = this.#door.close()
    const sessions = [...this.#sessions].map(
      (session) => new Promise<void>((resolve) => session.once('close', () => resolve())),
    )
    for (const session of this.#sessions) session.close()
    await Promise.all([closed, ...sessions])
    clearInterval(this.#watch)
  }

  /** Ends what `close` still waits for. */
  abort(): void {
    for (const session of this.#sessions) session.destroy()
  }

  #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {})
    if (!/^application\/grpc(?:\+proto)?(?:;|$)/.test(headers['content-type'] ?? '')) {
      stream.respond({ ':status': 415 }, { endStream: true })
      endRequest(stream)
      return
    }
    const lease = this.#budget.open()
    this.#call(stream, headers, lease)
      .catch((error: unknown) => {
        const { errorOf, onRefusal } = this.#options
        const status = error instanceof GrpcError ? error : errorOf(error)
        onRefusal?.(status, headers[':path'] ?? '')
        refuse(stream, status)
      })
      .finally(() => lease.release())
  }

  async #call(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    lease: ReturnType<BodyBudget['open']>,
  ): Promise<void> {
    const path = headers[':path'] ?? ''
    const { methods, largestMessage, readTime } = this.#options
    const method = Object.hasOwn(methods, path) ? methods[path] : undefined
    if (method === undefined || headers[':method'] !== 'POST') {
      throw new GrpcError(GrpcCode.UNIMPLEMENTED, `there is no method ${path}`)
    }
    const answer = method.open(headers)
    this.#reading.set(stream, performance.now() + readTime)
    let message: Buffer
    try {
      message = await readMessage(
        stream,
        String(headers['grpc-encoding'] ?? 'identity'),
        largestMessage,
        lease,
        this.#buffers,
      )
    } finally {
      this.#reading.delete(stream)
    }
    try {
      respond(stream, await answer(message))
    } finally {
      this.#buffers.giveBack(message)
    }
  }

  #endSlowCalls(): void {
    this.#buffers.tidy()
    const now = performance.now()
    for (const [stream, deadline] of this.#reading) {
      if (now < deadline) continue
      this.#reading.delete(stream)
      refuse(stream, new GrpcError(GrpcCode.DEADLINE_EXCEEDED, 'the message did not come in time'))
    }
  }
}

const answerHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': acceptedEncodings,
}

function respond(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (stream.destroyed || stream.closed) return
  const frame = Buffer.allocUnsafe(5 + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, 5)
  stream.respond(answerHeaders, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(frame)
}

function refuse(stream: ServerHttp2Stream, error: GrpcError): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return
  stream.respond({ ...answerHeaders, ...failureTrailers(error) }, { endStream: true })
  endRequest(stream)
}

/**
 * What a sender still sends of its message is thrown away, until it has seen the answer; one that does not look at it is cut off. To cut it off
 * at once would overtake the answer.
 */
function endRequest(stream: ServerHttp2Stream): void {
  stream.removeAllListeners('data')
  stream.resume()
  if (stream.readableEnded) return
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), httpLimits.linger)
  stream.once('close', () => clearTimeout(timer))
}
