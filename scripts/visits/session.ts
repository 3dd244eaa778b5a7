/** A user's session over REST: its tokens, which it renews before they end, each refresh token once. */

/** A token that ends sooner is renewed first: longer than any request of a visit takes. */
const renewWithinMs = 60_000

export interface Account {
  readonly email: string
  readonly password: string
}

interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** Seconds. */
  readonly expiresIn: number
}

export class Session {
  readonly #server: string
  #tokens: Tokens
  #endsAt: number
  #renewing: Promise<void> | undefined

  private constructor(server: string, tokens: Tokens) {
    this.#server = server
    this.#tokens = tokens
    this.#endsAt = endOf(tokens)
  }

  /** Throws what the server says when it does not let in. */
  static async signIn(
    server: string,
    tenant: string,
    account: Account,
    signal: AbortSignal,
  ): Promise<Session> {
    const { status, body } = await post(server, '/auth/sign-in', account, signal, { 'x-tenant-id': tenant })
    if (status !== 200) throw new Error(`${account.email} cannot sign in: ${status} ${body.detail ?? ''}`)
    return new Session(server, body as Tokens)
  }

  async token(signal: AbortSignal): Promise<string> {
    if (Date.now() > this.#endsAt - renewWithinMs) await this.renew(signal)
    return this.#tokens.accessToken
  }

  /** Once at a time: a refresh token that comes twice ends the session. */
  renew(signal: AbortSignal): Promise<void> {
    this.#renewing ??= this.#renew(signal).finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async signOut(signal: AbortSignal): Promise<void> {
    await post(this.#server, '/auth/sign-out', { refreshToken: this.#tokens.refreshToken }, signal)
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { refreshToken } = this.#tokens
    const { status, body } = await post(this.#server, '/auth/refresh', { refreshToken }, signal)
    if (status !== 200) throw new Error(`the session was not renewed: ${status} ${body.detail ?? ''}`)
    this.#tokens = body as Tokens
    this.#endsAt = endOf(this.#tokens)
  }
}

function endOf({ expiresIn }: Tokens): number {
  return Date.now() + expiresIn * 1_000
}

async function post(
  server: string,
  path: string,
  body: object,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: Partial<Tokens> & { readonly detail?: string } }> {
  const response = await fetch(`${server}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    redirect: 'error',
    signal,
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}
