/**
 * What rows of a waterfall say of a span besides its columns: whom it called and which operation of GraphQL it was, from a few attributes. Here and not in
 * SQL: the engine takes longer to plan a test of each attribute than to read a trace.
 */

import type { NamedTexts } from '../store/native/read-columns.ts'

const keys = [
  'error.type',
  'url.full',
  'server.address',
  'graphql.operation.type',
  'graphql.operation.name',
  'db.collection.name',
  'db.system',
  'db.system.name',
  'db.namespace',
  'db.name',
  'db.operation',
  'db.operation.name',
]

const separator = '\0'

/** SQL of what `saidOfSpans` reads: the tokens of these attributes. The spans of a large trace say few different things. */
export const saidColumn = `toLowCardinality(arrayStringConcat(
  arrayFilter(a -> splitByChar(':', a, 1)[1] IN (${keys.map((key) => `'${key}'`).join(', ')}), attributes), '\\0'))`

export interface SaidOfSpans {
  /** The address, the table or the host that was called, of spans named by a verb alone; else empty. */
  readonly callees: NamedTexts
  /** Type and name of an operation of GraphQL, or the span's name when it has none; empty of other spans. */
  readonly operations: NamedTexts
  /** `error.type` as text. */
  readonly errorTypes: NamedTexts
}

/** Both by row; `said` is what `saidColumn` answers. */
export function saidOfSpans(names: NamedTexts, said: NamedTexts): SaidOfSpans {
  const saids = said.values.map(readSaid)
  const isVerb = names.values.map((name) => /^[A-Z]{2,10}$/.test(name))
  const { length } = said.index
  const calleeAt = new Int32Array(length)
  const operationAt = new Int32Array(length)
  const none = saids.length
  for (let row = 0; row < length; row++) {
    const place = said.index[row]!
    const name = names.index[row]!
    calleeAt[row] = isVerb[name] ? place : none
    operationAt[row] = saids[place]!.operation === undefined ? saids.length + name : place
  }
  return {
    callees: { values: [...saids.map(({ callee }) => callee), ''], index: calleeAt },
    operations: {
      values: [...saids.map(({ operation }) => operation ?? ''), ...names.values],
      index: operationAt,
    },
    errorTypes: { values: saids.map(({ errorType }) => errorType), index: said.index },
  }
}

interface Said {
  readonly callee: string
  /** Undefined of an operation that has no name of its own. */
  readonly operation: string | undefined
  readonly errorType: string
}

const nothing: Said = { callee: '', operation: '', errorType: '' }

/** Of tokens `key:t=text`. */
function readSaid(said: string): Said {
  if (said === '') return nothing
  const texts: Record<string, string> = {}
  let isQuery = false
  for (const token of said.split(separator)) {
    const colon = token.indexOf(':')
    const key = token.slice(0, colon)
    texts[key] ??= token.slice(colon + ':s='.length)
    isQuery ||= key.startsWith('db.')
  }
  const url = texts['url.full'] ?? ''
  const callee = url.indexOf('://') > 0 ? url : texts[isQuery ? 'db.collection.name' : 'server.address']
  const errorType = texts['error.type'] ?? ''
  return { callee: callee ?? '', operation: operationOf(texts), errorType }
}

function operationOf(texts: Readonly<Record<string, string>>): string | undefined {
  const type = texts['graphql.operation.type']
  const name = texts['graphql.operation.name']
  if (type === undefined && name === undefined) return ''
  return name ? `${type ?? ''} ${name}`.trimStart() : undefined
}
