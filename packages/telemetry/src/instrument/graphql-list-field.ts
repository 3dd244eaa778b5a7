/**
 * One span for all items of a list that have the same field resolved: a list of 1,000 is one span with a count, not 1,000 spans. It begins
 * with the first item and ends with the last one; what the items' resolvers do hangs below it. Made by OperationFields.
 */
import type { Exception, SpanAttributes } from '@opentelemetry/api'
import { attributeKey } from '@rustok/otlp'
import type { TraceContext } from '../context/context.ts'
import { exceptionAttributes } from '../trace/exception.ts'
import type { RecordingSpan } from '../trace/recording-span.ts'
import { errorBehind, setGraphqlError } from './graphql-errors.ts'
import { type Path, pathOfItem, pathOfList } from './graphql-path.ts'

const key = {
  path: attributeKey('graphql.field.path'),
  count: attributeKey('graphql.field.count'),
  errorCount: attributeKey('graphql.field.error_count'),
  totalMs: attributeKey('graphql.field.total_ms'),
  maxMs: attributeKey('graphql.field.max_ms'),
}

/** Items whose errors are recorded; all are counted. */
const maxRecordedErrors = 8

export class ListField {
  readonly span: RecordingSpan
  /** Of the first item; the others differ in indexes alone. */
  readonly path: Path
  /** Another list of the same field, elsewhere in the operation. */
  readonly next: ListField | undefined
  readonly #outer: TraceContext
  readonly #context: TraceContext
  #count = 0
  #running = 0
  #errors = 0
  #totalMs = 0
  #maxMs = 0
  #lastEnd = 0
  /** The operation has ended. */
  #late: boolean
  #ended = false

  constructor(
    span: RecordingSpan,
    path: Path,
    outer: TraceContext,
    next: ListField | undefined,
    late: boolean,
  ) {
    this.span = span
    this.path = path
    this.next = next
    this.#outer = outer
    this.#context = outer.withSpan(span)
    this.#late = late
  }

  /** The context for an item's resolver; items share it, as they mostly share the one that they are resolved in. */
  begin(active: TraceContext): TraceContext {
    this.#count++
    this.#running++
    return active === this.#outer ? this.#context : active.withSpan(this.span)
  }

  /** Of an item that began at `startMs` of the monotonic clock. */
  done(startMs: number): void {
    const now = performance.now()
    const ms = now - startMs
    this.#lastEnd = now
    this.#totalMs += ms
    if (ms > this.#maxMs) this.#maxMs = ms
    this.#running--
    if (this.#late) this.#endSoon()
  }

  fail(startMs: number, path: Path, error: unknown): void {
    if (this.#errors === 0) setGraphqlError(this.span, error)
    if (this.#errors < maxRecordedErrors) {
      const attributes: SpanAttributes = {
        ...exceptionAttributes(errorBehind(error) as Exception),
        'graphql.field.path': pathOfItem(path),
      }
      this.span.addEvent('exception', attributes)
    }
    this.#errors++
    this.done(startMs)
  }

  /** The operation has ended; items that are still being resolved end the span later. */
  finish(): void {
    this.#late = true
    if (this.#running === 0) this.#end()
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Items that a stream brings after the operation come in bursts. */
  #endSoon(): void {
    setImmediate(() => {
      if (this.#running === 0 && !this.#ended) this.#end()
    })
  }

  #end(): void {
    this.#ended = true
    const { span } = this
    if (this.#count === 1) {
      span.setKey(key.path, pathOfItem(this.path))
    } else {
      span.setKey(key.path, pathOfList(this.path))
      span.setKey(key.count, this.#count)
      span.setKey(key.totalMs, this.#totalMs)
      span.setKey(key.maxMs, this.#maxMs)
      if (this.#errors > 0) span.setKey(key.errorCount, this.#errors)
    }
    span.end(this.#lastEnd)
  }
}
