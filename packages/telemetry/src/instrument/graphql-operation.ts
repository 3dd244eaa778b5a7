/**
 * The fields of one running operation that are resolved for the items of lists. The operation's span, which is active wherever graphql
 * calls a resolver, carries it: an entry in a WeakMap costs a microsecond.
 */
import type { SpanOptions } from '@opentelemetry/api'
import type { PreparedAttributes } from '@rustok/otlp'
import type { TraceContext } from '../context/context.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { Tracer } from '../trace/tracer.ts'
import { ListField } from './graphql-list-field.ts'
import { isSameButIndexes, type Path } from './graphql-path.ts'

/** A field of a schema whose resolver is traced. */
export interface TracedField {
  /** `Node.author`. */
  readonly name: string
  readonly attributes: PreparedAttributes
}

const internal: SpanOptions = { kind: 0 }
const fieldsOf = Symbol('rustok.fields')

interface OperationSpan extends RecordingSpan {
  [fieldsOf]?: OperationFields
}

export class OperationFields {
  /** The same field at another place of the operation is next in its chain. */
  #lists: Map<TracedField, ListField> | undefined = undefined
  #finished = false

  static begin(span: RecordingSpan): void {
    ;(span as OperationSpan)[fieldsOf] = new OperationFields()
  }

  /** Undefined where the active span is not that of an operation: somebody runs resolvers in a span of his own. */
  static of(span: RecordingSpan): OperationFields | undefined {
    return (span as OperationSpan)[fieldsOf]
  }

  /** The open list field at `path`, or a new one; undefined when its span is not recorded. */
  list(tracer: Tracer, field: TracedField, path: Path, active: TraceContext): ListField | undefined {
    this.#lists ??= new Map()
    let first = this.#lists.get(field)
    while (first?.ended === true) first = first.next
    for (let known = first; known !== undefined; known = known.next) {
      if (!known.ended && isSameButIndexes(known.path, path)) return known
    }
    const span = tracer.start(field.name, internal, active)
    if (!(span instanceof RecordingSpan)) return undefined
    span.prepared1 = field.attributes
    // An operation that streams or defers goes on after its end.
    const made = new ListField(span, path, active, first, this.#finished)
    this.#lists.set(field, made)
    return made
  }

  finish(): void {
    this.#finished = true
    for (const first of this.#lists?.values() ?? []) {
      for (let list: ListField | undefined = first; list !== undefined; list = list.next) list.finish()
    }
  }
}
