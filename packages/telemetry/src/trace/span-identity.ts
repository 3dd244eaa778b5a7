/**
 * Who a span is: ids as 32-bit words, flags, tracestate. The base of every span of ours, recording or not, so that a child
 * copies its parent's words without parsing hex; the API's SpanContext is made when somebody asks.
 */
import type { SpanContext, TraceState } from '@opentelemetry/api'
import type { Correlation } from '../context/correlation.ts'
import { hex32, parseHex32, randomInt32 } from './ids.ts'

export const sampledFlag = 0x01
/** W3C Trace Context level 2: the trace id's lower 56 bits are random. */
export const randomFlag = 0x02

/**
 * Fields are declared: a field that is defined is first set to undefined, which for a recording span's took 30 ns. Neither they nor
 * methods are #private: the engine sets those up by a call per object, which for an unsampled span took as long as all the rest.
 */
export class SpanIdentity {
  declare readonly traceId0: number
  declare readonly traceId1: number
  declare readonly traceId2: number
  declare readonly traceId3: number
  declare protected id0: number
  declare protected id1: number
  declare readonly traceFlags: number
  declare readonly traceState: TraceState | undefined
  /** Set on local spans below `correlate`; a remote parent has none. */
  declare correlation: Correlation | undefined
  declare private madeContext: SpanContext | undefined

  constructor(
    traceId0: number,
    traceId1: number,
    traceId2: number,
    traceId3: number,
    spanId0: number,
    spanId1: number,
    traceFlags: number,
    traceState: TraceState | undefined,
    correlation?: Correlation,
  ) {
    this.traceId0 = traceId0
    this.traceId1 = traceId1
    this.traceId2 = traceId2
    this.traceId3 = traceId3
    this.id0 = spanId0
    this.id1 = spanId1
    this.traceFlags = traceFlags
    this.traceState = traceState
    this.correlation = correlation
    this.madeContext = undefined
  }

  get spanId0(): number {
    return this.id0
  }

  get spanId1(): number {
    return this.id1
  }

  get isRemote(): boolean {
    return false
  }

  /** Whether it leaves the sampling decision to its children (see context/carried-span.ts); its flags then say "not sampled". */
  get isUndecided(): boolean {
    return false
  }

  traceIdHex(): string {
    return hex32(this.traceId0) + hex32(this.traceId1) + hex32(this.traceId2) + hex32(this.traceId3)
  }

  spanIdHex(): string {
    return hex32(this.spanId0) + hex32(this.spanId1)
  }

  spanContext(): SpanContext {
    this.madeContext ??= this.makeContext()
    return this.madeContext
  }

  private makeContext(): SpanContext {
    const context: SpanContext = {
      traceId: this.traceIdHex(),
      spanId: this.spanIdHex(),
      traceFlags: this.traceFlags,
    }
    if (this.isRemote) context.isRemote = true
    if (this.traceState !== undefined) context.traceState = this.traceState
    return context
  }
}

/** A span without a recording: of a remote parent, or of a trace that is not sampled. Every mutation is ignored. */
export class NonRecordingSpan extends SpanIdentity {
  declare private readonly remote: boolean

  constructor(
    traceId0: number,
    traceId1: number,
    traceId2: number,
    traceId3: number,
    spanId0: number,
    spanId1: number,
    traceFlags: number,
    traceState: TraceState | undefined,
    remote: boolean,
    correlation?: Correlation,
  ) {
    super(traceId0, traceId1, traceId2, traceId3, spanId0, spanId1, traceFlags, traceState, correlation)
    this.remote = remote
  }

  /** Of a valid SpanContext that somebody else made. */
  static fromContext(context: SpanContext): NonRecordingSpan {
    const { traceId, spanId } = context
    return new this(
      parseHex32(traceId, 0),
      parseHex32(traceId, 8),
      parseHex32(traceId, 16),
      parseHex32(traceId, 24),
      parseHex32(spanId, 0),
      parseHex32(spanId, 8),
      context.traceFlags,
      context.traceState,
      context.isRemote === true,
    )
  }

  override get isRemote(): boolean {
    return this.remote
  }

  isRecording(): boolean {
    return false
  }

  setAttribute(): this {
    return this
  }

  setAttributes(): this {
    return this
  }

  addEvent(): this {
    return this
  }

  addLink(): this {
    return this
  }

  addLinks(): this {
    return this
  }

  setStatus(): this {
    return this
  }

  updateName(): this {
    return this
  }

  end(): void {}

  recordException(): void {}
}

/** A span that is not sampled. It makes its span id when somebody asks: mostly nobody does, and it is a tenth of its cost. */
export class UnsampledSpan extends NonRecordingSpan {
  override get spanId0(): number {
    this.makeId()
    return this.id0
  }

  override get spanId1(): number {
    this.makeId()
    return this.id1
  }

  private makeId(): void {
    if ((this.id0 | this.id1) !== 0) return
    this.id0 = randomInt32()
    this.id1 = randomInt32() | 1 // An id must not be all zero.
  }
}
