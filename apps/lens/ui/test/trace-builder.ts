/**
 * Writes traces the way a running system would: a clock that moves, spans that enclose what they call, resources and
 * scopes shared by index. Used by the fixture's generators; seeded, so that a picture taken twice is the same picture.
 */
import type {
  Attribute,
  AttributeValue,
  EventView,
  LinkView,
  SpanView,
  TraceResponse,
} from 'rustok-lens/contract'

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 up to 1. */
  next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return this.#state / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.next() * items.length)]!
  }

  /** Around `typical`, with the long tail that latencies have. */
  latency(typical: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
    return typical * Math.exp(normal * 0.35)
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += Math.floor(this.next() * 16).toString(16)
    return text
  }
}

export interface SpanParts {
  readonly service: string
  readonly name: string
  readonly kind?: SpanView['kind']
  readonly scope?: string
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

/** A span being written; times in nanoseconds since the trace's start. */
export interface OpenSpan {
  readonly span: { -readonly [key in keyof SpanView]: SpanView[key] }
  readonly service: string
}

export class TraceBuilder {
  readonly random: Random
  readonly traceId: string
  now = 0
  readonly #origin: bigint
  readonly #tenant: string
  readonly #user: string
  readonly #spans: OpenSpan['span'][] = []
  readonly #services = new Map<string, number>()
  readonly #scopes = new Map<string, number>()

  constructor(random: Random, startMillis: number, tenant: string, user: string) {
    this.random = random
    this.traceId = random.hex(32)
    this.#origin = BigInt(Math.floor(startMillis * 1000)) * 1000n + BigInt(Math.floor(random.next() * 1000))
    this.#tenant = tenant
    this.#user = user
  }

  /** Time passes: `micros`, give or take. */
  work(micros: number): void {
    this.now += Math.round(this.random.latency(micros) * 1000)
  }

  open(parent: OpenSpan | undefined, parts: SpanParts): OpenSpan {
    const attributes = {
      ...(this.#tenant === '' ? {} : { tenant_id: this.#tenant }),
      ...(this.#user === '' ? {} : { user_id: this.#user }),
      ...parts.attributes,
    }
    const span: OpenSpan['span'] = {
      spanId: this.random.hex(16),
      parentSpanId: parent?.span.spanId ?? '',
      name: parts.name,
      kind: parts.kind ?? 'internal',
      startUnixNano: String(this.#origin + BigInt(Math.round(this.now))),
      durationNano: 0,
      status: 'unset',
      statusMessage: '',
      traceState: '',
      tenant: this.#tenant,
      user: this.#user,
      resource: indexIn(this.#services, parts.service),
      scope: indexIn(this.#scopes, parts.scope ?? '@rustok/telemetry'),
      attributes: toAttributes(attributes),
      events: [],
      links: [],
      droppedAttributes: 0,
      droppedEvents: 0,
      droppedLinks: 0,
    }
    this.#spans.push(span)
    return { span, service: parts.service }
  }

  close(open: OpenSpan): void {
    open.span.durationNano = Math.round(this.now) - this.startOf(open)
  }

  /** Opens, runs and closes. */
  within(parent: OpenSpan | undefined, parts: SpanParts, body?: (open: OpenSpan) => void): OpenSpan {
    const open = this.open(parent, parts)
    body?.(open)
    this.close(open)
    return open
  }

  fail(open: OpenSpan, message: string, exception?: { readonly type: string; readonly stack: string }): void {
    open.span.status = 'error'
    open.span.statusMessage = message
    if (exception !== undefined) {
      this.event(open, 'exception', {
        'exception.type': exception.type,
        'exception.message': message,
        'exception.stacktrace': `${exception.type}: ${message}\n${exception.stack}`,
      })
    }
  }

  event(open: OpenSpan, name: string, attributes: Readonly<Record<string, AttributeValue>> = {}): void {
    const event: EventView = {
      name,
      timeUnixNano: String(this.#origin + BigInt(Math.round(this.now))),
      attributes: toAttributes(attributes),
    }
    open.span.events = [...open.span.events, event]
  }

  link(open: OpenSpan, traceId: string, spanId: string): void {
    const link: LinkView = { traceId, spanId, traceState: '', attributes: [] }
    open.span.links = [...open.span.links, link]
  }

  startOf(open: OpenSpan): number {
    return Number(BigInt(open.span.startUnixNano) - this.#origin)
  }

  build(): TraceResponse {
    const spans = this.#spans.toSorted((a, b) => (BigInt(a.startUnixNano) < BigInt(b.startUnixNano) ? -1 : 1))
    return {
      traceId: this.traceId,
      spans,
      resources: [...this.#services.keys()].map((service, index) => ({
        service,
        attributes: toAttributes({
          'deployment.environment.name': 'production',
          'host.name': `${service.split('-')[0]}-${index + 1}.eu-north.internal`,
          'process.pid': 4000 + index * 17,
          'process.runtime.name': 'nodejs',
          'process.runtime.version': '26.10.0',
          'service.instance.id': `3f2b8a1e-77c1-4c0e-9d5a-0000000000${String(index).padStart(2, '0')}`,
          'service.name': service,
          'service.version': '2.14.0',
          'telemetry.sdk.language': 'nodejs',
          'telemetry.sdk.name': '@rustok/telemetry',
        }),
      })),
      scopes: [...this.#scopes.keys()].map((name) => ({ name, version: '0.1.0', attributes: [] })),
    }
  }
}

function indexIn(known: Map<string, number>, key: string): number {
  const index = known.get(key) ?? known.size
  known.set(key, index)
  return index
}

export function toAttributes(record: Readonly<Record<string, AttributeValue>>): readonly Attribute[] {
  return Object.entries(record).map(([key, value]) => ({ key, type: typeOf(value), value }))
}

function typeOf(value: AttributeValue): Attribute['type'] {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'object') return 'kvlist'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double'
  return typeof value === 'boolean' ? 'bool' : 'string'
}
