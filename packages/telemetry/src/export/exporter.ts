/** The last stage of the pipeline: what sends one request's bytes and says what came of it. */

export type ExportOutcome =
  /** Acknowledged, but for `rejected` spans that the collector named in a partial success. */
  (
    | { readonly kind: 'accepted'; readonly rejected: number; readonly message: string }
    /** Worth sending again, after `retryAfterMs` when the collector said so. */
    | { readonly kind: 'retry'; readonly reason: string; readonly retryAfterMs: number | undefined }
    /** Final: the same bytes would be refused again. */
    | { readonly kind: 'refused'; readonly reason: string }
  ) & {
    /** True when the transport may still read the request's bytes: their memory must not be used for anything else. */
    readonly inUse?: boolean | undefined
  }

export interface Exporter {
  /** True when sending costs nobody anything: batches go at once, not at the next turn of the event loop, and all at a time. */
  readonly immediate?: boolean
  /**
   * Never rejects. `request` is an ExportTraceServiceRequest, of `spans` spans where the caller knows it, and is not changed before the
   * outcome, or later if that says `inUse`.
   */
  export(request: Uint8Array, timeoutMs: number, spans?: number): Promise<ExportOutcome>
  close(): void
  /** For messages: the protocol and the address. */
  toString(): string
}
