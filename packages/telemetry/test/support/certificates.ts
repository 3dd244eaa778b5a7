/** An authority of the tests' own, and certificates of every kind from it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface Identity {
  readonly key: string
  readonly cert: string
}

const day = 86_400_000

export interface IdentityOptions {
  readonly host?: string
  /** Days from now. */
  readonly from?: number
  readonly to?: number
  readonly client?: boolean
}

export class Authority {
  readonly cert: string
  readonly #key: string

  private constructor({ key, cert }: Identity) {
    this.cert = cert
    this.#key = key
  }

  static async create(name = 'test authority'): Promise<Authority> {
    const made = await generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      algorithm: 'sha256',
      notBeforeDate: new Date(Date.now() - 30 * day),
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      ],
    })
    return new Authority({ key: made.private, cert: made.cert })
  }

  async issue({
    host = 'localhost',
    from = -1,
    to = 30,
    client = false,
  }: IdentityOptions = {}): Promise<Identity> {
    const made = await generate([{ name: 'commonName', value: host }], {
      keyType: 'ec',
      algorithm: 'sha256',
      notBeforeDate: new Date(Date.now() + from * day),
      notAfterDate: new Date(Date.now() + to * day),
      ca: { key: this.#key, cert: this.cert },
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'keyUsage', digitalSignature: true },
        { name: 'extKeyUsage', serverAuth: !client, clientAuth: client },
        { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
      ],
    })
    return { key: made.private, cert: made.cert }
  }
}

/** A directory for PEM files that is removed at the end. */
export function pemDirectory(): {
  write(name: string, pem: string): string
  path(name: string): string
  remove(): void
} {
  const directory = mkdtempSync(join(tmpdir(), 'rustok-certificates-'))
  const path = (name: string) => join(directory, name)
  return {
    path,
    write(name, pem) {
      writeFileSync(path(name), pem)
      return path(name)
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}
