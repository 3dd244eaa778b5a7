/** Where NATS is and how it lets us in: what `config.ts` reads from the variables, without loading the client. */
export interface NatsSettings {
  /** `nats://` or `tls://`, with credentials if need be; several, separated by commas, are one cluster. */
  readonly url: string
  /** A `.creds` file, for accounts with JWTs. */
  readonly credentials: string | undefined
  /** PEM files: the authority that signed the server's certificate, and a certificate of our own with its key. */
  readonly ca: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
  /** The stream, and the first word of its subjects. */
  readonly stream: string
}

export const DEFAULT_STREAM = 'RUSTOK'
