/**
 * Spans for the fields that somebody wrote a resolver for. The channel for fields, `graphql:resolve`, makes every field pay as soon as
 * it has one subscriber, so the resolvers of a schema are wrapped instead, once, when an operation's channel first shows
 * the schema: docs/adr/0002-channels-and-where-not.md.
 */
import type { SpanOptions } from '@opentelemetry/api'
import { attributeKey, prepareAttributes } from '@rustok/otlp'
import { activeContext, contextStorage } from '../context/context-manager.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { Tracer } from '../trace/tracer.ts'
import { recordGraphqlError } from './graphql-errors.ts'
import { OperationFields, type TracedField } from './graphql-operation.ts'
import { isInList, type Path, pathOfItem } from './graphql-path.ts'

type Resolver = (source: unknown, args: unknown, context: unknown, info: { readonly path: Path }) => unknown

interface Field {
  readonly name: string
  readonly type: unknown
  resolve?: Resolver | undefined
}

/** What is read of a GraphQLSchema. */
export interface Schema {
  getTypeMap(): Readonly<
    Record<string, { readonly name: string; getFields?(): Readonly<Record<string, Field>> }>
  >
}

const internal: SpanOptions = { kind: 0 }
const fieldName = attributeKey('graphql.field.name')
const fieldType = attributeKey('graphql.field.type')
const fieldPath = attributeKey('graphql.field.path')

export class ResolverTracing {
  readonly #tracer: Tracer
  readonly #seen = new WeakSet<Schema>()
  #stopped = false

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  /** Wraps the schema's resolvers unless it has been seen. */
  watch(schema: Schema): void {
    if (this.#seen.has(schema)) return
    this.#seen.add(schema)
    for (const type of Object.values(schema.getTypeMap())) {
      for (const field of Object.values(type.getFields?.() ?? {})) {
        const { resolve } = field
        // graphql gives this name to the resolver that reads a property.
        if (typeof resolve === 'function' && resolve.name !== 'defaultFieldResolver') {
          field.resolve = this.#wrap(type.name, field, resolve)
        }
      }
    }
  }

  /** From now on the wrapped resolvers do nothing but call the original ones. */
  stop(): void {
    this.#stopped = true
  }

  #wrap(typeName: string, field: Field, resolve: Resolver): Resolver {
    const traced: TracedField = {
      name: `${typeName}.${field.name}`,
      attributes: prepareAttributes([fieldName, field.name, fieldType, String(field.type)]),
    }
    return (source, args, context, info) => {
      const active = activeContext()
      const { span: outer } = active
      if (this.#stopped || !(outer instanceof RecordingSpan)) return resolve(source, args, context, info)
      const { path } = info
      const list = isInList(path)
        ? OperationFields.of(outer)?.list(this.#tracer, traced, path, active)
        : undefined
      if (list !== undefined) {
        const startMs = performance.now()
        let result: unknown
        try {
          result = contextStorage.run(list.begin(active), resolve, source, args, context, info)
        } catch (error) {
          list.fail(startMs, path, error)
          throw error
        }
        if (isThenable(result)) {
          return whenSettled(
            result,
            () => list.done(startMs),
            (error) => list.fail(startMs, path, error),
          )
        }
        list.done(startMs)
        return result
      }
      const span = this.#tracer.start(traced.name, internal, active)
      if (!(span instanceof RecordingSpan)) return resolve(source, args, context, info)
      span.prepared1 = traced.attributes
      span.setKey(fieldPath, pathOfItem(path))
      let result: unknown
      try {
        result = contextStorage.run(active.withSpan(span), resolve, source, args, context, info)
      } catch (error) {
        fail(span, error)
        throw error
      }
      if (isThenable(result)) {
        return whenSettled(
          result,
          () => span.end(),
          (error) => fail(span, error),
        )
      }
      span.end()
      return result
    }
  }
}

/** Calls one of the two before whoever waits for the result goes on. */
function whenSettled(
  result: PromiseLike<unknown>,
  done: () => void,
  failed: (error: unknown) => void,
): PromiseLike<unknown> {
  if (result instanceof Promise && result.constructor === Promise) {
    result.then(done, failed)
    return result
  }
  // A query builder runs its query for each `then`: there must be one.
  return result.then(
    (value) => {
      done()
      return value
    },
    (error) => {
      failed(error)
      throw error
    },
  )
}

function fail(span: RecordingSpan, error: unknown): void {
  recordGraphqlError(span, error)
  span.end()
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
