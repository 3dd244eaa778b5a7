/**
 * The text of a query (docs/QUERY_LANGUAGE.md) while it is written: its words, the parts that are joined by `and`, and adding or taking away
 * one of them. Never throws: half a query is the usual case here, and what is wrong with it the server says. Called by the query field, its
 * completion, the facets, and whatever offers "filter by".
 */
export interface QueryToken {
  /** `broken`: a character that stands nowhere in a query. */
  readonly type: 'word' | 'string' | 'operator' | 'broken'
  readonly text: string
  readonly start: number
  /** After the last character. */
  readonly end: number
  /** Of a string: its closing quote is missing. */
  readonly isOpen: boolean
}

const SPACE = /\s+/y
const WORD = /[^\s"'(){}=!<>~&|]+/y
const OPERATOR = /=~|==|!=|!~|<=|>=|&&|\|\||[=<>~!(){}]/y
const STRING = /"(?:[^"\\]|\\[\s\S])*("?)|'(?:[^'\\]|\\[\s\S])*('?)/y

export function queryTokens(query: string): readonly QueryToken[] {
  const tokens: QueryToken[] = []
  let at = 0
  const add = (type: QueryToken['type'], length: number, isOpen = false) => {
    tokens.push({ type, text: query.slice(at, at + length), start: at, end: at + length, isOpen })
    at += length
  }
  while (true) {
    at += matchAt(SPACE, query, at)?.[0].length ?? 0
    if (at >= query.length) return tokens
    const string = matchAt(STRING, query, at)
    const word = matchAt(WORD, query, at)
    const operator = matchAt(OPERATOR, query, at)
    // A backslash at the very end escapes nothing yet.
    if (string !== null) {
      const isOpen = (string[1] ?? string[2] ?? '') === ''
      add('string', isOpen ? query.length - at : string[0].length, isOpen)
    } else if (word !== null) add('word', word[0].length)
    else add(operator === null ? 'broken' : 'operator', operator?.[0].length ?? 1)
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

export function isKeyword(token: QueryToken | undefined, word: 'and' | 'or' | 'not'): boolean {
  if (token === undefined) return false
  if (token.type === 'operator') return token.text === { and: '&&', or: '||', not: '!' }[word]
  return token.type === 'word' && token.text.toLowerCase() === word
}

export function isComparator(token: QueryToken | undefined): boolean {
  return token?.type === 'operator' && /^(?:[=!]?=|[<>]=?|=?~|!~)$/.test(token.text)
}

/** What stands in the quotes, or the word itself. */
export function unquoted(token: Pick<QueryToken, 'type' | 'text' | 'isOpen'>): string {
  if (token.type !== 'string') return token.text
  const inner = token.text.slice(1, token.isOpen ? undefined : -1)
  return inner.replace(/\\(u[0-9a-f]{4}|[\s\S])/gi, (whole, escaped: string) => {
    if (escaped.length > 1) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"', "'": "'" }[escaped] ?? whole
  })
}

export function quoted(text: string): string {
  const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
  return `"${text.replace(/["\\\n\r\t]/g, (character) => named[character] ?? `\\${character}`)}"`
}

/** As a query writes it: quotes where they are needed, and not elsewhere. */
export function queryValue(text: string): string {
  return /^[\w./@:-]+$/.test(text) ? text : quoted(text)
}

export type AttributeOwner = 'span' | 'resource' | 'event'

/** An attribute as a query names it. A plain word in quotes: it could be a field's name, or nearly. */
export function attributeName(of: AttributeOwner, key: string): string {
  const isPlain =
    /^[a-z][\w.-]*$/i.test(key) && /[._-]/.test(key) && !/^(span|resource|event|trace|status)\./i.test(key)
  const name = isPlain ? key : quoted(key)
  return of === 'span' ? name : `${of}.${name}`
}

/** A part of a query that must hold besides the others. */
export interface Conjunct {
  readonly text: string
  /** `span`: about one span. `braces`: `{ … }`, about some span of the trace. `trace`: about the trace in another way, such as `not { … }`. */
  readonly about: 'span' | 'braces' | 'trace'
}

/** Undefined where brackets do not match or something is missing. A query with `or` outside of brackets is one part. */
export function conjunctsOf(query: string): readonly Conjunct[] | undefined {
  const tokens = queryTokens(query)
  if (tokens.some(({ type, isOpen }) => type === 'broken' || isOpen)) return undefined
  const ends: number[] = []
  let at = 0
  let isAlternative = false
  while (at < tokens.length) {
    if (ends.length > 0 && isKeyword(tokens[at], 'and')) at++
    else if (ends.length > 0 && isKeyword(tokens[at], 'or')) {
      isAlternative = true
      at++
    }
    const end = afterUnary(tokens, at)
    if (end === undefined) return undefined
    ends.push(end)
    at = end
  }
  if (ends.length === 0) return []
  if (isAlternative) return [conjunct(query, tokens)]
  return ends.map((end, index) => {
    const start = index === 0 ? 0 : ends[index - 1]!
    return conjunct(
      query,
      tokens.slice(isKeyword(tokens[start], 'and') && index > 0 ? start + 1 : start, end),
    )
  })
}

function conjunct(query: string, tokens: readonly QueryToken[]): Conjunct {
  const text = query.slice(tokens[0]!.start, tokens.at(-1)!.end)
  const isGroup = tokens[0]!.text === '{' && closing(tokens, 0) === tokens.length - 1
  const isAboutTrace = tokens.some(
    (token) => token.text === '{' || (token.type === 'word' && /^trace\./i.test(token.text)),
  )
  return { text, about: isGroup ? 'braces' : isAboutTrace ? 'trace' : 'span' }
}

/** Where the part that begins at `at` ends; undefined when it does not. */
function afterUnary(tokens: readonly QueryToken[], at: number): number | undefined {
  let start = at
  while (isKeyword(tokens[start], 'not')) start++
  const token = tokens[start]
  if (token === undefined) return undefined
  if (token.text === '(' || token.text === '{') {
    const end = closing(tokens, start)
    return end === undefined ? undefined : end + 1
  }
  if (token.type === 'operator' || isKeyword(token, 'and') || isKeyword(token, 'or')) return undefined
  if (token.type === 'word' && token.text.toLowerCase() === 'has' && tokens[start + 1]?.text === '(') {
    const end = closing(tokens, start + 1)
    return end === undefined ? undefined : end + 1
  }
  const next = tokens[start + 1]
  const isKeyInQuotes = /^(span|resource|event)\.$/i.test(token.text) && next?.start === token.end
  const name = isKeyInQuotes && next?.type === 'string' ? start + 1 : start
  if (!isComparator(tokens[name + 1])) return name + 1
  const value = tokens[name + 2]
  return value?.type === 'word' || value?.type === 'string' ? name + 3 : undefined
}

/** The bracket that closes the one at `open`. */
function closing(tokens: readonly QueryToken[], open: number): number | undefined {
  const expected: string[] = []
  for (let at = open; at < tokens.length; at++) {
    const { type, text } = tokens[at]!
    if (type !== 'operator') continue
    if (text === '(' || text === '{') expected.push(text === '(' ? ')' : '}')
    else if (text === ')' || text === '}') {
      if (expected.pop() !== text) return undefined
      if (expected.length === 0) return at
    }
  }
  return undefined
}

export function joined(conjuncts: readonly Pick<Conjunct, 'text'>[]): string | undefined {
  if (conjuncts.length === 0) return undefined
  if (conjuncts.length === 1) return conjuncts[0]!.text
  return conjuncts.map(({ text }) => (hasAlternatives(text) ? `(${text})` : text)).join(' and ')
}

/** With `or` outside of brackets. */
export function hasAlternatives(query: string): boolean {
  let depth = 0
  for (const token of queryTokens(query)) {
    if (token.text === '(' || token.text === '{') depth++
    else if (token.text === ')' || token.text === '}') depth--
    else if (depth === 0 && isKeyword(token, 'or')) return true
  }
  return false
}

/** `http.route = "/a b"`; the name as a query writes it. */
export function equals(name: string, value: string): string {
  return `${name} = ${queryValue(value)}`
}

/** Traces of which no span has the value. */
export function lacks(name: string, value: string): string {
  return `not { ${equals(name, value)} }`
}

/** The query with a condition more; the same if it is there already. */
export function withCondition(query: string | undefined, condition: string): string {
  const text = query?.trim() ?? ''
  if (text === '') return condition
  const parts = conjunctsOf(text)
  if (parts === undefined) return `${text} and ${condition}`
  return hasPart(parts, condition) ? text : joined([...parts, { text: condition }])!
}

/** Undefined when nothing is left. */
export function withoutCondition(query: string | undefined, condition: string): string | undefined {
  const parts = conjunctsOf(query ?? '')
  return parts === undefined ? query : joined(parts.filter((part) => !isSame(part.text, condition)))
}

export function hasCondition(query: string | undefined, condition: string): boolean {
  return hasPart(conjunctsOf(query ?? '') ?? [], condition)
}

function hasPart(parts: readonly Conjunct[], condition: string): boolean {
  return parts.some(({ text }) => isSame(text, condition))
}

/** Whatever the spaces between words. */
function isSame(one: string, other: string): boolean {
  const words = (text: string) => queryTokens(text).map(unquoted).join('\0')
  return words(one) === words(other)
}
