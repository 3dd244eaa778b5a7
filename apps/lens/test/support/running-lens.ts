/** A whole Lens in the test's own process, on ephemeral ports and a directory that goes with it. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeTraceRequest, type TraceRequest } from '@rustok/otlp'
import { pino } from 'pino'
import { configFromEnvironment } from '../../src/config.ts'
import { type Lens, type LensUrls, startLens } from '../../src/lens.ts'

export class RunningLens implements AsyncDisposable {
  readonly urls: LensUrls
  readonly lens: Lens
  readonly #directory: string

  private constructor(lens: Lens, directory: string) {
    this.lens = lens
    this.urls = lens.urls
    this.#directory = directory
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<RunningLens> {
    const directory = await mkdtemp(join(tmpdir(), 'lens-test-'))
    const config = configFromEnvironment({
      LENS_PORT: '0',
      LENS_OTLP_GRPC_PORT: '0',
      LENS_OTLP_HTTP_PORT: '0',
      RUSTOK_DATA_DIR: directory,
      ...environment,
    })
    const lens = await startLens(config, pino({ level: 'silent' }))
    return new RunningLens(lens, directory)
  }

  /** The answer to spans sent by OTLP/HTTP in protobuf. Throws unless they were acknowledged. */
  async send(request: TraceRequest, token?: string): Promise<void> {
    const response = await this.post(encodeTraceRequest(request), {
      'content-type': 'application/x-protobuf',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    })
    if (response.status !== 200)
      throw new Error(`not acknowledged: ${response.status} ${await response.text()}`)
  }

  post(body: Uint8Array | string, headers: Readonly<Record<string, string>>): Promise<Response> {
    return fetch(`${this.urls.otlpHttp}/v1/traces`, { method: 'POST', headers, body: body as BodyInit })
  }

  /** An answer of the API, which must have the status. */
  async get<Body>(
    path: string,
    parameters: Readonly<Record<string, string>> = {},
    status = 200,
  ): Promise<Body> {
    const response = await fetch(`${this.urls.ui}${path}?${new URLSearchParams(parameters)}`)
    const text = await response.text()
    if (response.status !== status) throw new Error(`GET ${path} answered ${response.status}: ${text}`)
    return JSON.parse(text) as Body
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lens.close()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
