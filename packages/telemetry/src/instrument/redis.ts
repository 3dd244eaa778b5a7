/**
 * A CLIENT span for every command of ioredis and node-redis, from their channels, which are alike; a transaction or pipeline that they publish
 * as one is one span with its size. Of a command's arguments the keys are recorded.
 */
import { attributeKey } from '@rustok/otlp'
import { activeContext } from '../context/context-manager.ts'
import { errorMessage, errorName } from '../trace/exception.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { Tracer } from '../trace/tracer.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { traceChannel } from './channel-span.ts'
import { type DatabaseServer, databaseSpan, failDatabaseSpan, serverAttributes } from './database-span.ts'
import { redisText } from './redis-text.ts'

interface CommandMessage extends DatabaseServer {
  readonly command: string
  /** With values as `?`; node-redis has the command in front. */
  readonly args: readonly string[]
  readonly database: number
  /** Of a command within a pipeline. */
  readonly batchMode?: string
  readonly error?: unknown
}

interface BatchMessage extends DatabaseServer {
  readonly batchMode: 'MULTI' | 'PIPELINE'
  readonly batchSize: number
  readonly database: number
  readonly error?: unknown
}

const key = {
  operation: attributeKey('db.operation.name'),
  batchSize: attributeKey('db.operation.batch.size'),
  text: attributeKey('db.query.text'),
}
const batch = Symbol('rustok.batch')
const serverOf = serverAttributes('redis')

export function instrumentIoredis(provider: TracerProvider): () => void {
  return traceRedis(provider.getTracer('@rustok/telemetry/ioredis', '0.1.0'), 'ioredis', false)
}

export function instrumentNodeRedis(provider: TracerProvider): () => void {
  return traceRedis(provider.getTracer('@rustok/telemetry/redis', '0.1.0'), 'node-redis', true)
}

function traceRedis(tracer: Tracer, library: string, namesCommand: boolean): () => void {
  const begin = (name: string, message: CommandMessage | BatchMessage) => {
    const active = activeContext()
    // The commands of a batch are its own business.
    if (active.span !== undefined && batch in active.span) return undefined
    const span = tracer.start(name, databaseSpan, active)
    if (!(span instanceof RecordingSpan)) return undefined
    span.prepared1 = serverOf(message, String(message.database))
    span.setKey(key.operation, name)
    return span
  }
  const stopCommands = traceChannel<CommandMessage>(`${library}:command`, {
    start(message) {
      const name = message.command.toUpperCase()
      const span = begin(name, message)
      span?.setKey(key.text, redisText(name, namesCommand ? message.args.slice(1) : message.args))
      return span
    },
    finish,
  })
  const stopBatches = traceChannel<BatchMessage>(`${library}:batch`, {
    start(message) {
      const span = begin(message.batchMode, message)
      if (span === undefined) return undefined
      if (message.batchSize > 1) span.setKey(key.batchSize, message.batchSize)
      return Object.assign(span, { [batch]: true })
    },
    finish,
  })
  return () => {
    stopCommands()
    stopBatches()
  }
}

/** The first word of an error that the server answered, such as WRONGTYPE. */
const serverError = /^[A-Z][A-Z]+(?= |$)/

function finish(span: RecordingSpan, { error }: { readonly error?: unknown }): void {
  if (error === undefined) return
  const [code] = serverError.exec(errorMessage(error) ?? '') ?? []
  failDatabaseSpan(span, error, code, code ?? errorName(error))
}
