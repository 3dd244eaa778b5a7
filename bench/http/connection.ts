/**
 * One keep-alive connection of the load: keeps `depth` requests in flight and notes how long each took. Responses to one request are all of
 * one length, which is measured beforehand; so a response costs the client an addition and a comparison, and the server is what is measured.
 */
import { connect, type Socket } from 'node:net'

/** What a saturated server may take for what is in flight when the sending stops. */
const answerTimeoutMs = 10_000
const readBufferSize = 64 * 1024
/** `HTTP/1.1 200` */
const statusOffset = 9
const ok = [0x32, 0x30, 0x30] as const

export interface LoadRequest {
  readonly port: number
  readonly request: Uint8Array
  readonly responseLength: number
}

export class Connection {
  readonly #socket: Socket
  readonly #depth: number
  readonly #responseLength: number
  /** The request, `depth` times. */
  readonly #requests: Uint8Array
  readonly #requestLength: number
  /** Ring of the times at which the requests in flight were sent. */
  readonly #sentAt: Float64Array
  #oldest = 0
  #inFlight = 0
  /** Bytes of the response that is arriving. */
  #partial = 0
  #until = 0
  #latencies: number[] = []
  #drained = Promise.withResolvers<void>()
  #failure: Error | undefined

  constructor({ port, request, responseLength }: LoadRequest, depth: number) {
    this.#depth = depth
    this.#responseLength = responseLength
    this.#requestLength = request.length
    this.#requests = Buffer.concat(Array.from({ length: depth }, () => request))
    this.#sentAt = new Float64Array(depth)
    const buffer = Buffer.allocUnsafe(readBufferSize)
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer,
        callback: (size: number) => {
          this.#read(buffer, size)
          return true
        },
      },
    })
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  /** Sends until `until` (of `performance.now()`) and waits for the last response; milliseconds of each. */
  async run(until: number): Promise<readonly number[]> {
    if (this.#failure !== undefined) throw this.#failure
    this.#until = until
    this.#latencies = []
    this.#drained = Promise.withResolvers()
    const patience = until - performance.now() + answerTimeoutMs
    const timer = setTimeout(() => this.#fail(new Error('a response is missing')), patience)
    this.#send(this.#depth, performance.now())
    await this.#drained.promise.finally(() => clearTimeout(timer))
    return this.#latencies
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(buffer: Buffer, size: number): void {
    const now = performance.now()
    // Where the next response begins, if it does in this chunk.
    let start = this.#partial === 0 ? 0 : this.#responseLength - this.#partial
    for (; start < size; start += this.#responseLength) {
      if (start + statusOffset + ok.length <= size && !isOk(buffer, start)) {
        const seen = buffer.toString('latin1', start, Math.min(size, start + 200))
        this.#fail(new Error(`not the response that was expected: ${seen}`))
        return
      }
    }
    const received = this.#partial + size
    const complete = Math.floor(received / this.#responseLength)
    this.#partial = received - complete * this.#responseLength
    if (complete > this.#inFlight || (complete === this.#inFlight && this.#partial > 0)) {
      this.#fail(new Error('the responses are not all of one length'))
      return
    }
    for (let i = 0; i < complete; i++) {
      this.#latencies.push(now - this.#sentAt[this.#oldest]!)
      this.#oldest = (this.#oldest + 1) % this.#depth
    }
    this.#inFlight -= complete
    if (now < this.#until) this.#send(complete, now)
    else if (this.#inFlight === 0) this.#drained.resolve()
  }

  #send(count: number, now: number): void {
    if (count === 0) return
    for (let i = 0; i < count; i++) this.#sentAt[(this.#oldest + this.#inFlight + i) % this.#depth] = now
    this.#inFlight += count
    this.#socket.write(this.#requests.subarray(0, count * this.#requestLength))
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#drained.promise.catch(() => {})
    this.#drained.reject(this.#failure)
    this.#socket.destroy()
  }
}

function isOk(buffer: Buffer, start: number): boolean {
  const at = start + statusOffset
  return buffer[at] === ok[0] && buffer[at + 1] === ok[1] && buffer[at + 2] === ok[2]
}
