/** Grows one trace: a request comes in, is worked on in virtual time, calls others, fails sometimes, and leaves spans. */

import type { KeyValue, Span, SpanEvent, SpanLink } from '@rustok/otlp'
import {
  cacheAttributes,
  callerAttributes,
  clientAttributes,
  drawFailure,
  type Edge,
  exceptionEvent,
  type Failure,
  functionAttributes,
  messageAttributes,
  queryAttributes,
  serverAttributes,
} from './attributes.ts'
import type { Caller } from './callers.ts'
import type { Consumer, Query, Route, Service, Step, Work } from './landscape.ts'
import type { Random } from './random.ts'

export interface MadeSpan {
  readonly span: Span
  readonly service: Service
  readonly instance: number
}

/** A trace that runs away (a loop that queries, services that call services) ends here. */
const mostSpans = 5000
const mostRepeats = 1500
const entities = 50_000

const kind = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const

/** Who works on a step: times are nanoseconds since the trace began. */
interface Place {
  readonly service: Service
  readonly instance: number
  readonly spanId: Uint8Array
}

interface Outcome {
  readonly end: number
  readonly failure: Failure | undefined
}

export class TraceGrower {
  readonly #random: Random
  readonly #made: MadeSpan[] = []
  readonly #traceId: Uint8Array
  readonly #began: bigint
  readonly #caller: Caller
  readonly #callerAttributes: readonly KeyValue[]
  readonly #variant: string

  constructor(random: Random, began: bigint, caller: Caller) {
    this.#random = random
    this.#traceId = random.bytes(16)
    this.#began = began
    this.#caller = caller
    this.#callerAttributes = callerAttributes(caller)
    this.#variant = random.chance(0.1) ? 'beta' : 'stable'
  }

  /** In the order in which they end, as a tracer exports them. */
  grow(entry: Route): readonly MadeSpan[] {
    const edge = { caller: this.#caller, requestId: this.#random.hex(32) }
    this.#serve(entry, this.#path(entry), noParent, 0, edge)
    return this.#made
  }

  #serve(route: Route, path: string, parent: Uint8Array, start: number, edge?: Edge): Outcome {
    const place = this.#place(route.service)
    const { end, failure } = this.#work(route, place, start)
    const status =
      failure === undefined ? this.#goodStatus(route) : failure.type === 'ValidationError' ? 422 : 500
    this.#end(
      place,
      parent,
      route.name,
      kind.server,
      start,
      end,
      serverAttributes(route, path, status, edge),
      failure,
    )
    return { end, failure }
  }

  /** The steps one after the other, except for calls that run beside each other; own time goes between them. */
  #work(work: Work, place: Place, start: number): Outcome {
    const own = this.#milliseconds(work.medianMs, work.sigma) / (work.steps.length + 1)
    let now = start + own
    let latest = now
    let failure: Failure | undefined
    for (const step of work.steps) {
      if (!this.#random.chance(step.probability) || this.#made.length >= mostSpans) continue
      const outcome = this.#step(step, place, now)
      latest = Math.max(latest, outcome.end)
      now = step.kind === 'call' && step.parallel ? now + own * 0.1 : latest + own
      if (outcome.failure !== undefined && this.#random.chance(0.7)) {
        failure = outcome.failure
        break
      }
    }
    const end = Math.max(now, latest) + own * 0.5
    // Work that nobody else can be blamed for fails, too, and more often behind the new feature.
    if (failure === undefined && this.#random.chance(this.#variant === 'beta' ? 0.04 : 0.005)) {
      failure = drawFailure(this.#random)
    }
    return { end, failure }
  }

  #step(step: Step, place: Place, start: number): Outcome {
    switch (step.kind) {
      case 'query':
        return this.#queries(step.query, step.repeated, place, start)
      case 'cache':
        return this.#cache(step.key, place, start)
      case 'call':
        return this.#call(step.route, place, start)
      case 'publish':
        return this.#publish(step.consumer, place, start)
      case 'function':
        return this.#function(step.name, step.medianMs, place, start)
    }
  }

  #queries(query: Query, repeated: boolean, place: Place, start: number): Outcome {
    const count = repeated ? this.#random.pareto(0.85, mostRepeats) : 1
    let outcome: Outcome = { end: start, failure: undefined }
    for (let index = 0; index < count && outcome.failure === undefined; index++) {
      outcome = this.#query(query, place, outcome.end + this.#milliseconds(0.02, 0.5))
    }
    return outcome
  }

  #query(query: Query, place: Place, start: number): Outcome {
    const { service } = place
    const replica = this.#random.below(service.database.hosts.length)
    const host = service.database.hosts[replica]!
    // One slow replica and one that fails: what a comparison of cohorts has to find.
    const slow = service.name === 'inventory' && replica === 1 ? 6 : 1
    const failing =
      (service.name === 'payments' || service.name === 'checkout') && replica === 2 ? 0.15 : 0.004
    const end = start + this.#milliseconds(query.medianMs * slow, 0.9)
    const failure = this.#random.chance(failing) ? drawFailure(this.#random) : undefined
    const rows = this.#random.pareto(0.9, 1000) - 1
    const attributes = queryAttributes(service, query, host, failure === undefined ? rows : 0)
    const inside = { ...place, spanId: this.#random.bytes(8) }
    this.#end(
      inside,
      place.spanId,
      `${query.operation} ${query.collection}`,
      kind.client,
      start,
      end,
      attributes,
      failure,
      true,
    )
    return { end, failure }
  }

  #cache(key: string, place: Place, start: number): Outcome {
    const end = start + this.#milliseconds(0.25, 0.5)
    const id = this.#random.below(entities)
    const attributes = cacheAttributes(`${key}:${id}`, this.#random.chance(0.8))
    this.#end(
      { ...place, spanId: this.#random.bytes(8) },
      place.spanId,
      'GET',
      kind.client,
      start,
      end,
      attributes,
    )
    return { end, failure: undefined }
  }

  #call(route: Route, place: Place, start: number): Outcome {
    const client = { ...place, spanId: this.#random.bytes(8) }
    const path = this.#path(route)
    const answer = this.#serve(route, path, client.spanId, start + this.#milliseconds(0.3, 0.4))
    const end = answer.end + this.#milliseconds(0.3, 0.4)
    const status = answer.failure === undefined ? 200 : answer.failure.type === 'ValidationError' ? 422 : 500
    this.#end(
      client,
      place.spanId,
      route.method,
      kind.client,
      start,
      end,
      clientAttributes(route, path, status),
      answer.failure,
    )
    return { end, failure: answer.failure }
  }

  /** The producer goes on; the consumer works later, in the same trace, with a link to what was sent. */
  #publish(consumer: Consumer, place: Place, start: number): Outcome {
    const random = this.#random
    const message = {
      id: `${random.hex(8)}-${random.hex(8)}`,
      partition: random.below(12),
      offset: random.below(2 ** 31),
      size: Math.round(random.logNormal(900, 0.8)),
    }
    const producer = { ...place, spanId: random.bytes(8) }
    const end = start + this.#milliseconds(0.8, 0.6)
    const sent = messageAttributes(consumer, 'send', message)
    this.#end(producer, place.spanId, `send ${consumer.topic}`, kind.producer, start, end, sent)

    const receiver = this.#place(consumer.service)
    const begin = end + this.#milliseconds(40, 1.5)
    const outcome = this.#work(consumer, receiver, begin)
    const received = messageAttributes(consumer, 'process', message)
    const link = {
      traceId: this.#traceId,
      spanId: producer.spanId,
      traceState: '',
      attributes: [],
      droppedAttributesCount: 0,
      flags: 1,
    }
    const name = `process ${consumer.topic}`
    this.#end(
      receiver,
      producer.spanId,
      name,
      kind.consumer,
      begin,
      outcome.end,
      received,
      outcome.failure,
      false,
      [link],
    )
    return { end, failure: undefined }
  }

  #function(name: string, medianMs: number, place: Place, start: number): Outcome {
    const end = start + this.#milliseconds(medianMs, 0.8)
    const attributes = functionAttributes(place.service, name, this.#variant)
    this.#end(
      { ...place, spanId: this.#random.bytes(8) },
      place.spanId,
      name,
      kind.internal,
      start,
      end,
      attributes,
    )
    return { end, failure: undefined }
  }

  /** `thrown`: the exception is recorded where it was thrown, not on all spans above. */
  #end(
    { service, instance, spanId }: Place,
    parentSpanId: Uint8Array,
    name: string,
    spanKind: number,
    start: number,
    end: number,
    attributes: KeyValue[],
    failure?: Failure,
    thrown = false,
    links: readonly SpanLink[] = [],
  ): void {
    const startTimeUnixNano = this.#began + BigInt(Math.round(start))
    const endTimeUnixNano = this.#began + BigInt(Math.round(end))
    attributes.push(...this.#callerAttributes)
    let events: readonly SpanEvent[] = []
    if (failure !== undefined) {
      attributes.push({ key: 'error.type', value: failure.type })
      if (thrown) events = [exceptionEvent(failure, service, name, endTimeUnixNano)]
    }
    const span: Span = {
      traceId: this.#traceId,
      spanId,
      traceState: '',
      parentSpanId,
      flags:
        parentSpanId.length === 0
          ? 0x101
          : spanKind === kind.server || spanKind === kind.consumer
            ? 0x301
            : 0x101,
      name,
      kind: spanKind,
      startTimeUnixNano,
      endTimeUnixNano,
      attributes,
      droppedAttributesCount: 0,
      events,
      droppedEventsCount: 0,
      links,
      droppedLinksCount: 0,
      status: failure === undefined ? ok : { message: failure.message, code: 2 },
    }
    this.#made.push({ span, service, instance })
  }

  #place(service: Service): Place {
    return { service, instance: this.#random.below(service.instances), spanId: this.#random.bytes(8) }
  }

  /** Popular entities are asked for more often. */
  #path(route: Route): string {
    const id = Math.floor(entities * this.#random.unit() ** 2)
    return route.template.replace(
      '{id}',
      `${(Math.imul(id + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')}`,
    )
  }

  #goodStatus({ method }: Route): number {
    if (method === 'POST') return 201
    if (method === 'DELETE') return 204
    return this.#random.chance(0.03) ? 404 : 200
  }

  #milliseconds(median: number, sigma: number): number {
    return this.#random.logNormal(median, sigma) * 1e6
  }
}

const noParent = new Uint8Array(0)
const ok = { message: '', code: 0 } as const
