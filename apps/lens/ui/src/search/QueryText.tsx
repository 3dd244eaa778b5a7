/** A query with its words told apart by weight and shade, and a mistake underlined. Character by character what the text is. */
import { Fragment, type ReactNode } from 'react'
import { isComparator, isKeyword, queryTokens } from '../model/query-text.ts'

export interface QueryTextProps {
  readonly query: string
  readonly mistake?: { readonly column: number; readonly length: number } | undefined
}

export function QueryText({ query, mistake }: QueryTextProps) {
  const parts: ReactNode[] = []
  const tokens = queryTokens(query)
  let at = 0
  for (const [index, token] of tokens.entries()) {
    parts.push(...underlined(query, at, token.start, undefined, mistake))
    const isKey = isComparator(tokens[index + 1]) && token.type !== 'operator'
    const kind = isKey
      ? 'key'
      : isKeyword(token, 'and') || isKeyword(token, 'or') || isKeyword(token, 'not')
        ? 'word'
        : token.type === 'operator'
          ? 'sign'
          : 'value'
    parts.push(...underlined(query, token.start, token.end, kind, mistake))
    at = token.end
  }
  parts.push(...underlined(query, at, query.length, undefined, mistake))
  // What is missing at the end is underlined behind it.
  if (mistake !== undefined && mistake.column > query.length) {
    parts.push(
      <mark key="end" className="query-mistake">
        {'\u00a0\u00a0'}
      </mark>,
    )
  }
  return parts
}

/** A piece of the text, cut where the mistake begins and ends. */
function underlined(
  query: string,
  start: number,
  end: number,
  kind: string | undefined,
  mistake: QueryTextProps['mistake'],
): ReactNode[] {
  if (start >= end) return []
  const from = mistake === undefined ? end : mistake.column - 1
  const to = mistake === undefined ? end : from + Math.max(1, mistake.length)
  const cuts = [start, Math.min(Math.max(from, start), end), Math.min(Math.max(to, start), end), end]
  return [0, 1, 2].flatMap((part) => {
    const text = query.slice(cuts[part], cuts[part + 1])
    if (text === '') return []
    const key = `${start}-${part}`
    if (part === 1) {
      return [
        <mark key={key} className="query-mistake" data-kind={kind}>
          {text}
        </mark>,
      ]
    }
    return kind === undefined
      ? [<Fragment key={key}>{text}</Fragment>]
      : [
          <span key={key} data-kind={kind}>
            {text}
          </span>,
        ]
  })
}
