/**
 * GraphQL operations and resolvers from graphql 17's channels. An operation is a span by the conventions; a field is one only when
 * somebody wrote a resolver for it, because the default resolver reads a property.
 */
import { type SpanOptions, SpanStatusCode } from '@opentelemetry/api'
import { attributeKey } from '@rustok/otlp'
import { activeContext } from '../context/context-manager.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { traceChannel } from './channel-span.ts'

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

interface ExecuteMessage {
  readonly document: Document
  readonly operationName: string | undefined
  readonly operationType: string | undefined
  readonly result?: { readonly errors?: readonly unknown[] } | undefined
  readonly error?: unknown
}

interface ResolveMessage {
  readonly fieldName: string
  readonly parentType: string
  readonly fieldType: string
  readonly fieldPath: string
  readonly isDefaultResolver: boolean
  readonly error?: unknown
}

const key = {
  operationType: attributeKey('graphql.operation.type'),
  operationName: attributeKey('graphql.operation.name'),
  document: attributeKey('graphql.document'),
  fieldName: attributeKey('graphql.field.name'),
  fieldPath: attributeKey('graphql.field.path'),
  fieldType: attributeKey('graphql.field.type'),
  parentType: attributeKey('graphql.field.parent_type'),
  errorType: attributeKey('error.type'),
}

const internal: SpanOptions = { kind: 0 }
/** Clients choose operation names: longer ones are cut. */
const maxNameLength = 64
/** Of an operation without a name, in its span's name. */
const maxRootFields = 3
const maxDocumentLength = 2048
/** Of one operation; a list of a thousand failed items says nothing more than its first. */
const maxRecordedErrors = 8
/** Strings and numbers of a document are the caller's values. */
const literals = /"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|(?<![\w$])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

export function instrumentGraphql(provider: TracerProvider): () => void {
  const tracer = provider.getTracer('@rustok/telemetry/graphql', '0.1.0')
  const start = (name: string): RecordingSpan | undefined => {
    const span = tracer.start(name, internal, activeContext())
    return span instanceof RecordingSpan ? span : undefined
  }

  const stopExecute = traceChannel<ExecuteMessage>('graphql:execute', {
    start({ document, operationName, operationType = 'query' }) {
      const shortName = operationName?.slice(0, maxNameLength)
      const span = start(`${operationType} ${shortName ?? rootFields(document)}`)
      if (span === undefined) return undefined
      span.setKey(key.operationType, operationType)
      if (shortName !== undefined) span.setKey(key.operationName, shortName)
      const text = redactedText(document)
      if (text !== undefined) span.setKey(key.document, text)
      return span
    },
    finish(span, { result, error }) {
      const errors = error === undefined ? (result?.errors ?? []) : [error]
      for (const one of errors.slice(0, maxRecordedErrors)) recordError(span, one)
    },
  })

  const stopResolve = traceChannel<ResolveMessage>('graphql:resolve', {
    start({ isDefaultResolver, parentType, fieldName, fieldType, fieldPath }) {
      if (isDefaultResolver) return undefined
      const span = start(`${parentType}.${fieldName}`)
      if (span === undefined) return undefined
      span.setKey(key.fieldName, fieldName)
      span.setKey(key.parentType, parentType)
      span.setKey(key.fieldType, fieldType)
      span.setKey(key.fieldPath, fieldPath)
      return span
    },
    finish(span, { error }) {
      if (error !== undefined) recordError(span, error)
    },
  })
  return () => {
    stopExecute()
    stopResolve()
  }
}

/** What an operation without a name asks for: `{ node, viewer }`, from its root fields. */
function rootFields({ definitions }: Document): string {
  const operation = definitions.find((definition) => definition.operation !== undefined)
  const names = operation?.selectionSet?.selections.flatMap(({ name }) => name?.value ?? []) ?? []
  const shown = names.slice(0, maxRootFields).join(', ')
  return `{ ${names.length > maxRootFields ? `${shown}, …` : shown} }`
}

function recordError(span: RecordingSpan, error: unknown): void {
  if (!(error instanceof Error)) return
  const { extensions, originalError } = error as { extensions?: { code?: unknown }; originalError?: Error }
  span.recordException(originalError ?? error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
  const code = extensions?.code
  span.setKey(key.errorType, typeof code === 'string' ? code : (originalError ?? error).name)
}

const redactedTexts = new WeakMap<Document, string>()

/** The document's source without its literals; servers cache documents, so the text is made once for each. */
function redactedText(document: Document): string | undefined {
  const known = redactedTexts.get(document)
  if (known !== undefined) return known
  const body = document.loc?.source.body
  if (body === undefined) return undefined
  const redacted = body.trim().replace(literals, '*')
  const text = redacted.length > maxDocumentLength ? `${redacted.slice(0, maxDocumentLength)}…` : redacted
  redactedTexts.set(document, text)
  return text
}
