/**
 * Tail sampling in the process: the spans of a trace wait as bytes until its local roots have ended, then all of them go on to the batcher
 * or none does. Stands between the tracer and the batcher when something is to be decided at the end of a trace; see TailPolicy for what.
 *
 *   head sampler ─▶ open ─┐                      ┌─ kept ───▶ batcher
 *   span.end() ─▶ add ────┴▶ undecided trace ────┤
 *                            (chained pages)     └─ let go ─▶ ledger
 *
 * What ends after the decision follows it. When memory runs short the oldest undecided trace is decided on what is known of it, and so is
 * one whose root has not ended by the deadline: a trace is never waited for without bound, and nothing ever waits for memory.
 */

import { encodeSpan, Writer } from '@rustok/otlp'
import type { Ledger } from '../../export/ledger.ts'
import { outside } from '../../export/outside.ts'
import { diag } from '../../own-diag.ts'
import type { RecordingSpan } from '../../trace/recording-span.ts'
import type { ScopeSpans } from '../../trace/scope-spans.ts'
import type { SpanIdentity } from '../../trace/span-identity.ts'
import { type Decision, keepAll } from '../decision.ts'
import { readOtMember } from '../ot-member.ts'
import { DecisionMemory } from './decision-memory.ts'
import type { Kept, Outcome } from './outcome.ts'
import { headBytes, PagePool } from './page-pool.ts'
import type { TailPolicy } from './policy.ts'
import { ProbabilityWriter } from './probability-writer.ts'
import { TraceMap } from './trace-map.ts'
import { UndecidedTrace } from './undecided-trace.ts'

/** Where spans go that are kept: SpanBatcher. */
export interface NextStage {
  add(scope: ScopeSpans, span: RecordingSpan): void
  /** Adds one encoded span, booked as created already. */
  addEncoded(scope: ScopeSpans, span: Uint8Array): void
}

export interface TailLimits {
  readonly tailSamplingBufferBytes: number
  readonly tailSamplingMaxAgeMs: number
}

export interface TailCounts {
  /** Traces that wait for their decision, and the memory that their spans take. */
  readonly undecidedTraces: number
  readonly bufferBytes: number
  /** Traces decided before they had ended: for want of memory, or at the deadline. */
  readonly decidedForMemory: number
  readonly decidedAtDeadline: number
}

/** A trace without a span yet takes about 200 bytes of heap: of each KiB of buffer there may be one. */
const bytesPerTrace = 1024
/** A deadline is kept to a quarter of it. */
const looksPerAge = 4
const statusError = 2

export class TailStage {
  readonly #next: NextStage
  readonly #ledger: Ledger
  readonly #policy: TailPolicy
  readonly #pool: PagePool
  readonly #maxTraces: number
  readonly #maxAgeMs: number
  readonly #undecided = new TraceMap<UndecidedTrace>()
  readonly #decided = new DecisionMemory<Outcome>()
  /** The ends of the list of undecided traces, in the order in which they were opened. */
  #oldest: UndecidedTrace | undefined
  #newest: UndecidedTrace | undefined
  readonly #scopes: ScopeSpans[] = []
  readonly #scopeNumbers = new Map<ScopeSpans, number>()
  readonly #probability = new ProbabilityWriter()
  readonly #writer = new Writer(4096)
  /** What is read from the pool. */
  #read = Buffer.allocUnsafeSlow(4096)
  readonly #roomFor = (size: number): Buffer => {
    if (size > this.#read.length) this.#read = Buffer.allocUnsafeSlow(size)
    return this.#read
  }
  readonly #timer: NodeJS.Timeout
  #closed = false
  #decidedForMemory = 0
  #decidedAtDeadline = 0

  constructor(next: NextStage, ledger: Ledger, policy: TailPolicy, limits: TailLimits) {
    this.#next = next
    this.#ledger = ledger
    this.#policy = policy
    this.#pool = new PagePool(limits.tailSamplingBufferBytes)
    this.#maxTraces = Math.ceil(limits.tailSamplingBufferBytes / bytesPerTrace)
    this.#maxAgeMs = limits.tailSamplingMaxAgeMs
    this.#timer = outside(() =>
      setInterval(() => this.#decideOverdue(), this.#maxAgeMs / looksPerAge).unref(),
    )
  }

  /** A local root has started: its trace waits for its end. */
  open(
    decision: Decision,
    parent: SpanIdentity | undefined,
    id0: number,
    id1: number,
    id2: number,
    id3: number,
  ): void {
    if (this.#closed) return
    let trace = this.#undecided.get(id0, id1, id2, id3)
    if (trace === undefined) {
      while (this.#undecided.size >= this.#maxTraces) this.#decideForMemory(this.#oldest!)
      trace = new UndecidedTrace(id0, id1, id2, id3)
      const state = decision.traceState ?? parent?.traceState
      const random = state === undefined ? undefined : readOtMember(state).random
      if (random !== undefined) {
        trace.randomHigh = random.high
        trace.randomLow = random.low
      }
      trace.certain = decision === keepAll
      this.#undecided.set(id0, id1, id2, id3, trace)
      this.#link(trace)
    } else if (decision !== keepAll) {
      trace.certain = false
    }
    trace.openRoots++
  }

  /** A sampled span has ended. */
  add(scope: ScopeSpans, span: RecordingSpan): void {
    const trace = this.#undecided.get(span.traceId0, span.traceId1, span.traceId2, span.traceId3)
    if (trace === undefined) {
      this.#addLate(scope, span)
      return
    }
    const isRoot = span.localRoot === undefined
    const tenant = span.correlation?.tenantId
    if (tenant !== undefined && (isRoot || trace.tenant === undefined)) trace.tenant = tenant
    if (span.statusCode === statusError) trace.failed = true
    if (isRoot) {
      if (durationMs(span) >= this.#policy.slowMs) trace.slow = true
      trace.openRoots--
      if (trace.openRoots <= 0) {
        this.#emit(this.#decide(trace, 1), trace.certain, scope, span)
        return
      }
    }
    this.#buffer(trace, scope, span)
  }

  /** Decides every trace that waits, on what is known of it. */
  settle(): void {
    while (this.#oldest !== undefined) this.#decideEarly(this.#oldest)
  }

  /** What ends from now on passes straight through, to be counted by the batcher. */
  close(): void {
    this.settle()
    this.#closed = true
    clearInterval(this.#timer)
  }

  counts(): TailCounts {
    return {
      undecidedTraces: this.#undecided.size,
      bufferBytes: this.#pool.bytesInUse,
      decidedForMemory: this.#decidedForMemory,
      decidedAtDeadline: this.#decidedAtDeadline,
    }
  }

  #buffer(trace: UndecidedTrace, scope: ScopeSpans, span: RecordingSpan): void {
    const size = this.#encode(span)
    if (size < 0) return
    const number = this.#numberOf(scope)
    while (!this.#pool.append(trace, number, size, this.#writer.bytes as Buffer)) {
      // Of a span that no emptying makes room for, and of the trace that is the oldest itself, the decision is made now.
      const victim = this.#pool.holds(size) ? this.#oldest! : trace
      const outcome = this.#decideForMemory(victim)
      if (victim !== trace) continue
      this.#policy.follow(outcome, trace.tenant, 1)
      this.#emitEncoded(outcome, trace.certain, scope, this.#encoded(size))
      return
    }
    this.#ledger.created++
  }

  /** Encodes behind what the pool heads an entry with; the span's size, negative when it cannot be encoded. */
  #encode(span: RecordingSpan): number {
    const writer = this.#writer
    writer.position = headBytes
    try {
      return encodeSpan(writer, span)
    } catch (cause) {
      this.#ledger.refuseUnread()
      diag.error(`span '${span.name}' could not be encoded and is dropped`, cause)
      return -1
    }
  }

  /** The span that was encoded last, valid until the next one is. */
  #encoded(size: number): Uint8Array {
    return this.#writer.bytes.subarray(headBytes, headBytes + size)
  }

  #numberOf(scope: ScopeSpans): number {
    const known = this.#scopeNumbers.get(scope)
    if (known !== undefined) return known
    const number = this.#scopes.push(scope) - 1
    this.#scopeNumbers.set(scope, number)
    return number
  }

  /** Its trace is decided, or was never opened here. */
  #addLate(scope: ScopeSpans, span: RecordingSpan): void {
    if (this.#closed) {
      this.#next.add(scope, span)
      return
    }
    const { traceId0, traceId1, traceId2, traceId3 } = span
    const known = this.#decided.get(traceId0, traceId1, traceId2, traceId3)
    const failed = span.statusCode === statusError
    const slow = span.localRoot === undefined && durationMs(span) >= this.#policy.slowMs
    const tenant = span.correlation?.tenantId
    let outcome = known
    // An error that comes too late for its trace is kept all the same, and what follows it.
    const saves = known?.kept === false && known.reason === 'tail_sampled' && (failed || slow)
    if (outcome === undefined || (saves && this.#policy.keepsExceptions)) {
      const random = span.traceState === undefined ? undefined : readOtMember(span.traceState).random
      const randomHigh = random?.high ?? traceId2
      const randomLow = random?.low ?? traceId3
      outcome = this.#policy.decide({ failed, slow, tenant, randomHigh, randomLow }, 1)
      this.#decided.set(traceId0, traceId1, traceId2, traceId3, outcome)
    } else {
      this.#policy.follow(outcome, tenant, 1)
    }
    this.#emit(outcome, false, scope, span)
  }

  /** Decides a trace, of which `more` spans are not in the buffer, and lets its buffered ones go where they belong. */
  #decide(trace: UndecidedTrace, more: number): Outcome {
    const { id0, id1, id2, id3 } = trace
    const spans = trace.entries + more
    // An earlier part of the trace, another request of it in this process, may have been kept: then it is kept whole.
    const before = this.#decided.get(id0, id1, id2, id3)
    let outcome: Outcome
    if (before?.kept === true) {
      outcome = before
      this.#policy.follow(outcome, trace.tenant, spans)
    } else {
      outcome = this.#policy.decide(trace, spans)
      this.#decided.set(id0, id1, id2, id3, outcome)
    }
    this.#undecided.delete(id0, id1, id2, id3)
    this.#unlink(trace)
    if (trace.entries > 0) {
      if (outcome.kept) this.#passOn(trace, outcome)
      else this.#ledger.dropped[outcome.reason] += trace.entries
      this.#pool.release(trace)
    }
    return outcome
  }

  #decideEarly(trace: UndecidedTrace): Outcome {
    if (performance.now() - trace.openedAt >= this.#policy.slowMs) trace.slow = true
    return this.#decide(trace, 0)
  }

  #decideForMemory(trace: UndecidedTrace): Outcome {
    this.#decidedForMemory++
    return this.#decideEarly(trace)
  }

  #decideOverdue(): void {
    const due = performance.now() - this.#maxAgeMs
    while (this.#oldest !== undefined && this.#oldest.openedAt <= due) {
      this.#decidedAtDeadline++
      this.#decideEarly(this.#oldest)
    }
  }

  #passOn(trace: UndecidedTrace, outcome: Kept): void {
    this.#pool.read(trace, this.#roomFor, (scope, size) => {
      const span = this.#read.subarray(0, size)
      this.#next.addEncoded(this.#scopes[scope]!, this.#probability.write(outcome, trace.certain, span))
    })
  }

  /** Books and passes on, or lets go, a span that is not in the buffer. */
  #emit(outcome: Outcome, certain: boolean, scope: ScopeSpans, span: RecordingSpan): void {
    if (outcome.kept && outcome.threshold === 'as it is') {
      this.#next.add(scope, span)
      return
    }
    if (!outcome.kept) {
      this.#ledger.created++
      this.#ledger.dropped[outcome.reason]++
      return
    }
    const size = this.#encode(span)
    if (size >= 0) this.#emitEncoded(outcome, certain, scope, this.#encoded(size))
  }

  #emitEncoded(outcome: Outcome, certain: boolean, scope: ScopeSpans, span: Uint8Array): void {
    this.#ledger.created++
    if (outcome.kept) this.#next.addEncoded(scope, this.#probability.write(outcome, certain, span))
    else this.#ledger.dropped[outcome.reason]++
  }

  #link(trace: UndecidedTrace): void {
    trace.older = this.#newest
    if (this.#newest === undefined) this.#oldest = trace
    else this.#newest.newer = trace
    this.#newest = trace
  }

  #unlink(trace: UndecidedTrace): void {
    const { older, newer } = trace
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }
}

function durationMs(span: RecordingSpan): number {
  const high = span.endHigh - span.startHigh
  const low = (span.endLow >>> 0) - (span.startLow >>> 0)
  return (high * 4_294_967_296 + low) / 1e6
}
