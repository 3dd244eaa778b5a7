/**
 * Traces that look like those of a real platform, as the OTLP requests of its services: what the benches of Lens send. The same options
 * make the same bytes.
 */

import { encodeTraceRequest, type Span } from '@rustok/otlp'
import { resourceAttributes } from './attributes.ts'
import { Callers } from './callers.ts'
import { buildLandscape, type Service } from './landscape.ts'
import { Random, Zipf } from './random.ts'
import { TraceGrower } from './trace.ts'

export interface TraceGeneratorOptions {
  readonly seed: number
  /** About so many: the last trace is finished. */
  readonly spans: number
  /** Unix nanoseconds between which traces begin, the oldest first, evenly. */
  readonly from: bigint
  readonly to: bigint
  /** Of a request at most; the default of OpenTelemetry's batch processors is 512. */
  readonly batch?: number
}

export interface GeneratedRequest {
  /** An ExportTraceServiceRequest in protobuf: one resource, one scope, as an exporter sends them. */
  readonly bytes: Uint8Array
  readonly spans: number
}

interface Exporter {
  readonly service: Service
  readonly instance: number
  spans: Span[]
}

export class TraceGenerator {
  readonly #options: TraceGeneratorOptions
  readonly #random: Random
  readonly #landscape = buildLandscape()
  readonly #callers = new Callers()
  readonly #entries: Zipf
  readonly #exporters = new Map<string, Exporter>()
  /** So far. */
  traces = 0
  spans = 0

  constructor(options: TraceGeneratorOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#entries = new Zipf(this.#landscape.entries.length, 0.9)
  }

  *requests(): Generator<GeneratedRequest, void, undefined> {
    const { from, to, spans, batch = 512 } = this.#options
    const range = Number(to - from)
    while (this.spans < spans) {
      const random = this.#random
      const began = from + BigInt(Math.floor(range * (this.spans / spans)))
      const entry = this.#landscape.entries[this.#entries.draw(random)]!
      const made = new TraceGrower(random, began, this.#callers.draw(random)).grow(entry)
      this.traces++
      this.spans += made.length
      for (const { span, service, instance } of made) {
        const exporter = this.#exporter(service, instance)
        exporter.spans.push(span)
        if (exporter.spans.length >= batch) yield flush(exporter)
      }
    }
    for (const exporter of this.#exporters.values()) if (exporter.spans.length > 0) yield flush(exporter)
  }

  #exporter(service: Service, instance: number): Exporter {
    const name = `${service.name} ${instance}`
    let exporter = this.#exporters.get(name)
    if (exporter === undefined) {
      exporter = { service, instance, spans: [] }
      this.#exporters.set(name, exporter)
    }
    return exporter
  }
}

function flush(exporter: Exporter): GeneratedRequest {
  const { service, instance, spans } = exporter
  exporter.spans = []
  const bytes = encodeTraceRequest({
    resourceSpans: [
      {
        resource: { attributes: resourceAttributes(service, instance), droppedAttributesCount: 0 },
        schemaUrl: 'https://opentelemetry.io/schemas/1.40.0',
        scopeSpans: [
          {
            scope: {
              name: `@shop/${service.name}`,
              version: service.version,
              attributes: [],
              droppedAttributesCount: 0,
            },
            schemaUrl: '',
            spans,
          },
        ],
      },
    ],
  })
  return { bytes, spans: spans.length }
}
