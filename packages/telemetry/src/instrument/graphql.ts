/**
 * GraphQL operations from graphql 17's `graphql:execute` channel, by the conventions; their resolvers are traced by
 * ResolverTracing. An operation's attributes are those of its document, so they are encoded once for each.
 */
import type { SpanOptions } from '@opentelemetry/api'
import { type AttributeList, attributeKey, type PreparedAttributes, prepareAttributes } from '@rustok/otlp'
import { activeContext } from '../context/context-manager.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { traceChannel } from './channel-span.ts'
import { recordGraphqlError } from './graphql-errors.ts'
import { OperationFields } from './graphql-operation.ts'
import { ResolverTracing, type Schema } from './graphql-resolvers.ts'

interface Document {
  readonly loc?: { readonly source: { readonly body: string } }
  readonly definitions: readonly Definition[]
}

/** What is read of an OperationDefinitionNode; other definitions have neither. */
interface Definition {
  readonly operation?: string
  readonly name?: { readonly value: string }
  readonly selectionSet?: { readonly selections: readonly { readonly name?: { readonly value: string } }[] }
}

interface Result {
  readonly errors?: readonly unknown[]
  /** Of an operation that defers or streams. */
  readonly initialResult?: { readonly errors?: readonly unknown[] }
}

interface OperationMessage {
  readonly schema: Schema
  readonly document: Document
  readonly operationName: string | undefined
  readonly operationType: string | undefined
  readonly result?: Result | undefined
  readonly error?: unknown
}

const key = {
  operationType: attributeKey('graphql.operation.type'),
  operationName: attributeKey('graphql.operation.name'),
  document: attributeKey('graphql.document'),
}

const internal: SpanOptions = { kind: 0 }
/** Clients choose operation names: longer ones are cut. */
const maxNameLength = 64
/** Of an operation without a name, in its span's name. */
const maxRootFields = 3
const maxDocumentLength = 2048
/** Of one operation; a list of a thousand failed items says nothing more than its first. */
const maxRecordedErrors = 8
/** Strings and numbers of a document are the caller's values, comments are anything; each may hold what opens another. */
const literals =
  /#[^\n\r]*|"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n])*"|(?<![\w$])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

export function instrumentGraphql(provider: TracerProvider): () => void {
  const tracer = provider.getTracer('@rustok/telemetry/graphql', '0.1.0')
  const resolvers = new ResolverTracing(tracer)
  const start = ({ schema, document, operationName, operationType = 'query' }: OperationMessage) => {
    resolvers.watch(schema)
    const operation = describeOperation(document, operationType, operationName)
    const span = tracer.start(operation.name, internal, activeContext())
    if (!(span instanceof RecordingSpan)) return undefined
    span.prepared1 = operation.attributes
    OperationFields.begin(span)
    return span
  }
  const finish = (span: RecordingSpan, { result, error }: OperationMessage) => {
    const errors = error === undefined ? (result?.errors ?? result?.initialResult?.errors ?? []) : [error]
    for (const one of errors.slice(0, maxRecordedErrors)) recordGraphqlError(span, one)
    OperationFields.of(span)?.finish()
  }
  const stops = [traceChannel<OperationMessage>('graphql:execute', { start, finish, runsStores: true })]

  // Each event of a subscription is executed without that channel; the one for it fires for all others too, so it waits for a subscription.
  let subscribed = false
  const traceEvents = () => {
    if (subscribed) return
    subscribed = true
    const events = 'graphql:execute:rootSelectionSet'
    const startEvent = (message: OperationMessage & { readonly operation?: Definition }) =>
      message.operationType === 'subscription'
        ? start({ ...message, operationName: message.operation?.name?.value })
        : undefined
    stops.push(traceChannel<OperationMessage>(events, { start: startEvent, finish, runsStores: true }))
  }
  const startSubscription = (message: OperationMessage) => {
    traceEvents()
    return start({ ...message, operationType: 'subscription' })
  }
  stops.push(
    traceChannel<OperationMessage>('graphql:subscribe', {
      start: startSubscription,
      finish,
      runsStores: true,
    }),
  )
  return () => {
    for (const stop of stops) stop()
    resolvers.stop()
  }
}

interface Operation {
  readonly operationName: string | undefined
  readonly name: string
  readonly attributes: PreparedAttributes
}

const operations = new WeakMap<Document, Operation>()

/** Servers cache documents, so an operation is described once for each; of a document with several, for the one asked for last. */
function describeOperation(document: Document, type: string, operationName: string | undefined): Operation {
  const known = operations.get(document)
  if (known !== undefined && known.operationName === operationName) return known
  const shortName = operationName?.slice(0, maxNameLength)
  const list: AttributeList = [key.operationType, type]
  if (shortName !== undefined) list.push(key.operationName, shortName)
  const text = redactedText(document)
  if (text !== undefined) list.push(key.document, text)
  const name = `${type} ${shortName ?? rootFields(document)}`
  const operation = { operationName, name, attributes: prepareAttributes(list) }
  operations.set(document, operation)
  return operation
}

/** What an operation without a name asks for: `{ node, viewer }`, from its root fields. */
function rootFields({ definitions }: Document): string {
  const operation = definitions.find((definition) => definition.operation !== undefined)
  const names = operation?.selectionSet?.selections.flatMap(({ name }) => name?.value ?? []) ?? []
  const shown = names.slice(0, maxRootFields).join(', ')
  return `{ ${names.length > maxRootFields ? `${shown}, …` : shown} }`
}

/** The document's source without its literals. */
function redactedText(document: Document): string | undefined {
  const body = document.loc?.source.body
  if (body === undefined) return undefined
  const redacted = body.replace(literals, (literal) => (literal[0] === '#' ? '' : '*')).trim()
  return redacted.length > maxDocumentLength ? `${redacted.slice(0, maxDocumentLength)}…` : redacted
}
