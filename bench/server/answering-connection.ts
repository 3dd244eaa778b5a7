/** One keep-alive connection on which a request is answered before the next one leaves; the answer is read as far as its length and its verdict. */
import { connect, type Socket } from 'node:net'

const endOfHead = '\r\n\r\n'
const answerTimeoutMs = 10_000

export class AnsweringConnection {
  readonly #socket: Socket
  readonly #expected: string
  #received = ''
  /** Of the whole answer, once its head is there. */
  #length: number | undefined
  #answer: PromiseWithResolvers<void> | undefined
  #failure: Error | undefined

  constructor({ host, port, expected }: { host: string; port: number; expected: string }) {
    this.#expected = expected
    this.#socket = connect({ host, port, noDelay: true })
    // One character is one byte, so that lengths agree.
    this.#socket.setEncoding('latin1').on('data', (text: string) => this.#read(text))
    this.#socket.setTimeout(answerTimeoutMs, () => this.#fail(new Error('an answer is missing')))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  /** Rejects unless the answer is a 200 that has what was expected. */
  exchange(request: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#answer = Promise.withResolvers()
    this.#socket.write(request)
    return this.#answer.promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(text: string): void {
    this.#received += text
    if (this.#length === undefined) {
      const end = this.#received.indexOf(endOfHead)
      if (end === -1) return
      const head = this.#received.slice(0, end)
      const length = /^content-length: (\d+)$/im.exec(head)?.[1]
      if (!head.startsWith('HTTP/1.1 200 ') || length === undefined) {
        this.#fail(
          new Error(`expected status 200 and a content-length, not: ${this.#received.slice(0, 600)}`),
        )
        return
      }
      this.#length = end + endOfHead.length + Number(length)
    }
    if (this.#received.length < this.#length) return
    if (this.#received.length > this.#length || !this.#received.includes(this.#expected)) {
      this.#fail(new Error(`not the answer that was expected: ${this.#received.slice(-600)}`))
      return
    }
    this.#received = ''
    this.#length = undefined
    this.#answer?.resolve()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#answer?.reject(this.#failure)
    this.#socket.destroy()
  }
}
