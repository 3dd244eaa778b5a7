/** What a query's name for a field means: a field of spans, of the trace, or an attribute. Names that are nearly one are mistakes. */

import type { AttributeOwner } from './expression.ts'
import {
  attributeOwners,
  isSpanField,
  isTraceField,
  type SpanFieldName,
  spanFieldAliases,
  spanFields,
  type TraceFieldName,
  traceFields,
} from './fields.ts'
import { nearest } from './nearest.ts'
import { TokenReader } from './token-reader.ts'
import type { Token } from './tokens.ts'

export type Field =
  | { readonly type: 'span'; readonly name: SpanFieldName }
  | { readonly type: 'trace'; readonly name: TraceFieldName }
  | { readonly type: 'attribute'; readonly of: AttributeOwner; readonly key: string }

/** Takes the name. Quotes make it the key of an attribute, whatever it says: `"service"`, `span."service"`. */
export function parseField(tokens: TokenReader): Field {
  const token = tokens.take()
  if (token.type === 'string') return { type: 'attribute', of: 'any', key: token.value }
  const owner = attributeOwners.find((owner) => token.value.toLowerCase().startsWith(`${owner}.`))
  if (owner !== undefined) return attributeOf(owner, token, tokens)
  return namedField(token, tokens)
}

/** Text that is a field's name and nothing else. Throws QuerySyntaxError. */
export function parseFieldName(text: string): Field {
  const tokens = new TokenReader(text)
  const first = tokens.next
  if (first.type !== 'word' && first.type !== 'string') throw tokens.error('expected a field')
  const field = parseField(tokens)
  const end = tokens.next
  if (end.type !== 'end') throw tokens.error('expected a field and nothing else', end)
  return field
}

function attributeOf(owner: AttributeOwner, token: Token, tokens: TokenReader): Field {
  let key = token.value.slice(owner.length + 1)
  const { next } = tokens
  if (key === '') {
    if (next.type !== 'string' || next.start !== token.end) {
      throw tokens.error(`expected a key after ${owner}.`, token)
    }
    key = tokens.take().value
  } else if (owner === 'span') {
    const name = spanFieldOf(key)
    if (name !== undefined) {
      throw tokens.error(
        `${name} is a field of its own; for an attribute called so, write span."${key}"`,
        token,
      )
    }
  }
  return { type: 'attribute', of: owner, key }
}

function namedField(token: Token, tokens: TokenReader): Field {
  const written = token.value
  const lower = written.toLowerCase()
  const name = spanFieldOf(lower)
  if (name !== undefined) return { type: 'span', name }
  if (isTraceField(lower)) return { type: 'trace', name: lower }
  if (lower.startsWith('trace.')) {
    const names = Object.keys(traceFields)
    const near = nearest(lower, names)
    const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`
    throw tokens.error(`unknown field ${written}: ${hint}`, token)
  }
  // Keys of attributes have dots and underscores; a plain word that is nearly a field was meant as one.
  const near = /^[a-z]+$/.test(lower) ? nearest(lower, fieldNames) : undefined
  if (near !== undefined) {
    throw tokens.error(
      `unknown field ${written}: did you mean ${near}? An attribute called so is written in quotes`,
      token,
    )
  }
  return { type: 'attribute', of: 'any', key: written }
}

const fieldNames = [...Object.keys(spanFields), 'operation']

/** By its name or another that people know it by. */
export function spanFieldOf(name: string): SpanFieldName | undefined {
  if (isSpanField(name)) return name
  return Object.hasOwn(spanFieldAliases, name) ? spanFieldAliases[name] : undefined
}
