/** A request that is answered with this status, and this message as the reason. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  /** For a request that may succeed when it is sent again. */
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message)
    this.status = status
    this.retryAfterSeconds = retryAfterSeconds
  }
}
