/** A CLIENT span for every query and prepared statement of mysql2, from its channels. Values are not recorded, nor literals of the statement. */
import { attributeKey, type PreparedAttributes, prepareAttributes } from '@rustok/otlp'
import { activeContext } from '../context/context-manager.ts'
import { errorCode, errorName } from '../trace/exception.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { traceChannel } from './channel-span.ts'
import { type DatabaseServer, databaseSpan, failDatabaseSpan, serverAttributes } from './database-span.ts'
import { describeStatement } from './sql-statement.ts'

interface QueryMessage extends DatabaseServer {
  readonly query: string
  readonly database: string
  readonly error?: { readonly errno?: unknown }
}

interface Statement {
  readonly name: string
  readonly attributes: PreparedAttributes
}

const system = 'mysql'
const serverOf = serverAttributes(system)
/** Statements are built from code and so are few; a program that puts values into its SQL stops filling the table here. */
const maxStatements = 2048
/** A longer statement is described anew each time. */
const maxKnownLength = 4096
const statements = new Map<string, Statement>()

export function instrumentMysql2(provider: TracerProvider): () => void {
  const tracer = provider.getTracer('@rustok/telemetry/mysql2', '0.1.0')
  const start = (message: QueryMessage) => {
    const { name, attributes } = statementOf(String(message.query))
    const span = tracer.start(name, databaseSpan, activeContext())
    if (!(span instanceof RecordingSpan)) return undefined
    span.prepared1 = attributes
    span.prepared2 = serverOf(message, message.database)
    return span
  }
  const finish = (span: RecordingSpan, { error }: QueryMessage) => {
    if (error === undefined) return
    // Errors of the connection have negative numbers or none.
    const answered = typeof error.errno === 'number' && error.errno > 0
    const code = errorCode(error)
    failDatabaseSpan(span, error, answered ? String(error.errno) : undefined, code ?? errorName(error))
  }
  const stops = ['mysql2:query', 'mysql2:execute'].map((channel) =>
    traceChannel<QueryMessage>(channel, { start, finish, callsBack: true }),
  )
  return () => {
    for (const stop of stops) stop()
  }
}

function statementOf(sql: string): Statement {
  const known = statements.get(sql)
  if (known !== undefined) return known
  const { name, attributes } = describeStatement(sql, system)
  const list = Object.entries(attributes).flatMap(([key, value]) => [attributeKey(key), value])
  const statement = { name, attributes: prepareAttributes(list) }
  if (statements.size < maxStatements && sql.length <= maxKnownLength) statements.set(sql, statement)
  return statement
}
