/**
 * A real Lens in processes of its own, for the pages' tests: on ephemeral ports and a directory that goes with it, with the UI as it is built
 * now, and Chromium to open it in.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Attribute, AttributeValue, SpanView, TraceResponse } from 'rustok-lens/contract'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

interface Urls {
  readonly ui: string
  readonly otlpGrpc: string
  readonly otlpHttp: string
}

export class RealLens implements AsyncDisposable {
  readonly urls: Urls
  readonly #child: ChildProcess
  readonly #directory: string

  private constructor(child: ChildProcess, urls: Urls, directory: string) {
    this.#child = child
    this.urls = urls
    this.#directory = directory
  }

  static async start(): Promise<RealLens> {
    const directory = await mkdtemp(join(tmpdir(), 'lens-ui-'))
    const child = fork(main, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        ...process.env,
        RUSTOK_DATA_DIR: directory,
        LENS_PORT: '0',
        LENS_OTLP_GRPC_PORT: '0',
        LENS_OTLP_HTTP_PORT: '0',
        LENS_LOG_LEVEL: 'error',
      },
    })
    const ready = once(child, 'message').then(([message]) => message as { readonly urls: Urls })
    const ended = once(child, 'exit').then(() => {
      throw new Error('Lens ended before it was ready')
    })
    ended.catch(() => {})
    const { urls } = await Promise.race([ready, ended])
    return new RealLens(child, urls, directory)
  }

  /** Resolves when they are stored. */
  async send(traces: readonly TraceResponse[]): Promise<void> {
    const response = await fetch(`${this.urls.otlpHttp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: traces.flatMap(resourceSpansOf) }),
    })
    if (response.status !== 200) throw new Error(`Lens answered ${response.status}: ${await response.text()}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit')
      this.#child.kill('SIGTERM')
      await exited
    }
    await rm(this.#directory, { recursive: true, force: true })
  }
}

const kinds: readonly SpanView['kind'][] = [
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
]
const statuses: readonly SpanView['status'][] = ['unset', 'ok', 'error']

/** In OTLP's JSON, as a collector would send it. */
function resourceSpansOf({ traceId, spans, resources, scopes }: TraceResponse): unknown[] {
  return resources.map(({ attributes }, at) => ({
    resource: { attributes: attributes.map(keyValue) },
    scopeSpans: scopes.map(({ name, version }, scope) => ({
      scope: { name, version },
      spans: spans
        .filter((span) => span.resource === at && span.scope === scope)
        .map((span) => ({
          traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId,
          name: span.name,
          kind: kinds.indexOf(span.kind),
          startTimeUnixNano: span.startUnixNano,
          endTimeUnixNano: String(BigInt(span.startUnixNano) + BigInt(span.durationNano)),
          attributes: span.attributes.map(keyValue),
          events: span.events.map(({ name: event, timeUnixNano, attributes: of }) => ({
            name: event,
            timeUnixNano,
            attributes: of.map(keyValue),
          })),
          links: span.links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
          status: { code: statuses.indexOf(span.status), message: span.statusMessage },
        })),
    })),
  }))
}

function keyValue({ key, value }: Attribute) {
  return { key, value: anyValue(value) }
}

function anyValue(value: AttributeValue): unknown {
  if (value === null) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  const values = Object.entries(value).map(([key, part]) => ({ key, value: anyValue(part) }))
  return { kvlistValue: { values } }
}
