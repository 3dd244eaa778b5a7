/**
 * Jaeger's remote sampler: asks a Jaeger or OpenTelemetry collector for this service's strategy every so often. A collector that fails, or
 * answers with what is no strategy, leaves the last one in force. Created by createHeadSampler; its requests are not traced and keep no
 * process alive.
 */
import type { ClientRequest } from 'node:http'
import { outside } from '../export/outside.ts'
import { lazy } from '../lazy-builtins.ts'
import { diag } from '../own-diag.ts'
import type { Decision, HeadSampler } from './decision.ts'
import { samplerOfStrategy } from './jaeger-strategy.ts'
import { TraceIdRatioSampler } from './trace-id-ratio-sampler.ts'

export interface JaegerRemoteOptions {
  /** Of the collector's HTTP service for strategies; `/sampling` is added where the path does not end so. */
  readonly endpoint: string
  readonly pollingIntervalMs: number
  /** Share of traces that are kept until the first strategy has come. */
  readonly initialSamplingRate: number
}

/** A fleet that was started together would ask together: each interval is up to this share shorter. */
const jitter = 0.1
const timeoutMs = 10_000
/** Strategies of a thousand operations take 100 kB. */
const maxAnswerBytes = 4 * 1024 * 1024

export class JaegerRemoteSampler implements HeadSampler {
  readonly #url: URL
  readonly #options: JaegerRemoteOptions
  #current: HeadSampler
  #answer = ''
  #timer: NodeJS.Timeout | undefined
  #request: ClientRequest | undefined
  #closed = false

  constructor(serviceName: string, options: JaegerRemoteOptions) {
    this.#options = options
    this.#url = strategyUrl(options.endpoint, serviceName)
    this.#current = new TraceIdRatioSampler(options.initialSamplingRate)
  }

  decide(...span: Parameters<HeadSampler['decide']>): Decision {
    return this.#current.decide(...span)
  }

  /** Asks now, and from then on. */
  start(): void {
    outside(() => void this.#poll())
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#request?.destroy()
  }

  toString(): string {
    return `JaegerRemoteSampler{endpoint=${this.#url}, current=${this.#current}}`
  }

  async #poll(): Promise<void> {
    try {
      const answer = await this.#ask()
      // The same strategy again would lose what its rate limiters have counted.
      if (answer !== this.#answer) {
        this.#current = samplerOfStrategy(JSON.parse(answer))
        this.#answer = answer
        diag.debug(`sampling by ${this.#current}, as ${this.#url.origin} says`)
      }
    } catch (cause) {
      if (!this.#closed)
        diag.warn(`no sampling strategy from ${this.#url.origin}; going on with ${this.#current}`, cause)
    }
    if (this.#closed) return
    const wait = this.#options.pollingIntervalMs * (1 - Math.random() * jitter)
    this.#timer = setTimeout(() => void this.#poll(), wait).unref()
  }

  #ask(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const { get } = this.#url.protocol === 'https:' ? lazy.https : lazy.http
    const request = get(this.#url, { agent: false, headers: { accept: 'application/json' } }, (response) => {
      if (response.statusCode !== 200) {
        response.resume()
        reject(new Error(`status ${response.statusCode}`))
        return
      }
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size > maxAnswerBytes) request.destroy(new Error('the answer is too long'))
        else parts.push(part)
      })
      response.on('end', () => resolve(Buffer.concat(parts).toString()))
      response.on('error', reject)
    })
    request.on('socket', (socket) => socket.unref())
    request.on('error', reject)
    request.on('close', () => reject(new Error('the connection closed early')))
    const deadline = setTimeout(() => request.destroy(new Error('no answer in time')), timeoutMs).unref()
    this.#request = request
    return promise.finally(() => clearTimeout(deadline))
  }
}

function strategyUrl(endpoint: string, serviceName: string): URL {
  const url = new URL(endpoint)
  if (!url.pathname.endsWith('/sampling')) url.pathname = `${url.pathname.replace(/\/$/, '')}/sampling`
  url.searchParams.set('service', serviceName)
  return url
}
