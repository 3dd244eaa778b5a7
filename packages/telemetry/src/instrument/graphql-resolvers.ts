/**
 * Spans for the fields that somebody wrote a resolver for. The channel for fields, `graphql:resolve`, makes every field pay as soon as
 * it has one subscriber, so the resolvers of a schema are wrapped instead, once, when the `graphql:execute` channel first shows
 * the schema: docs/adr/0002-channels-and-where-not.md.
 */
import type { SpanOptions } from '@opentelemetry/api'
import { attributeKey, prepareAttributes } from '@rustok/otlp'
import { activeContext, contextStorage } from '../context/context-manager.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { Tracer } from '../trace/tracer.ts'
import { recordGraphqlError } from './graphql-errors.ts'

interface Path {
  readonly prev: Path | undefined
  readonly key: string | number
}

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
    const name = `${typeName}.${field.name}`
    const attributes = prepareAttributes([fieldName, field.name, fieldType, String(field.type)])
    return (source, args, context, info) => {
      const active = activeContext()
      if (this.#stopped || !(active.span instanceof RecordingSpan))
        return resolve(source, args, context, info)
      const span = this.#tracer.start(name, internal, active)
      if (!(span instanceof RecordingSpan)) return resolve(source, args, context, info)
      span.prepared1 = attributes
      span.setKey(fieldPath, pathText(info.path))
      let result: unknown
      try {
        result = contextStorage.run(active.withSpan(span), resolve, source, args, context, info)
      } catch (error) {
        fail(span, error)
        throw error
      }
      if (isPromise(result)) return endAfter(span, result)
      span.end()
      return result
    }
  }
}

function endAfter(span: RecordingSpan, result: PromiseLike<unknown>): PromiseLike<unknown> {
  return result.then(
    (value) => {
      span.end()
      return value
    },
    (error) => {
      fail(span, error)
      throw error
    },
  )
}

function fail(span: RecordingSpan, error: unknown): void {
  recordGraphqlError(span, error)
  span.end()
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** `nodes.3.author`, from the innermost key outwards. */
function pathText(path: Path): string {
  let text = String(path.key)
  for (let outer = path.prev; outer !== undefined; outer = outer.prev) text = `${outer.key}.${text}`
  return text
}
