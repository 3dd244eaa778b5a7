/**
 * What may stand where the caret is in a query: a field, an operator that the field takes, one of its values, or what joins two conditions. Keys
 * and values of attributes come from the store: `contextAt` says which to ask for, `completionsAt` puts all in order. Called by the query field.
 */
import type { AttributeKeysResponse, AttributeValuesResponse } from 'rustok-lens/contract'
import { formatCount } from './amounts.ts'
import {
  attributeName,
  isComparator,
  isKeyword,
  type QueryToken,
  queryTokens,
  queryValue,
  quoted,
  unquoted,
} from './query-text.ts'

export interface CompletionContext {
  readonly expects: 'condition' | 'key' | 'operator' | 'value' | 'joiner'
  /** What is replaced, in UTF-16 code units. */
  readonly from: number
  readonly to: number
  /** What is written of it so far, without quotes. */
  readonly prefix: string
  /** For `operator` and `value`: of which field. */
  readonly field: string
  /** The brackets that are open, innermost last. */
  readonly open: readonly ('(' | '{')[]
}

export interface Completion {
  readonly kind: 'field' | 'attribute' | 'operator' | 'value' | 'joiner' | 'text' | 'recent'
  /** What is shown. */
  readonly label: string
  /** What it means, or how often it occurs. */
  readonly detail: string
  /** What is written in the place of `from` to `to`. */
  readonly insert: string
}

type FieldType = 'text' | 'kind' | 'status' | 'duration' | 'flag' | 'count' | 'attribute'

/** As src/query/language/fields.ts has them; a test asks the server about each. */
export const QUERY_FIELDS: readonly {
  readonly name: string
  readonly type: FieldType
  readonly detail: string
}[] = [
  { name: 'service', type: 'text', detail: 'of the span' },
  { name: 'name', type: 'text', detail: 'the span’s operation' },
  { name: 'tenant', type: 'text', detail: 'whose request it is' },
  { name: 'user', type: 'text', detail: 'who sent the request' },
  { name: 'status', type: 'status', detail: 'unset, ok or error' },
  { name: 'error', type: 'flag', detail: 'true: the span failed' },
  { name: 'duration', type: 'duration', detail: 'of the span' },
  { name: 'root', type: 'flag', detail: 'true: the span has no parent' },
  { name: 'kind', type: 'kind', detail: 'server, client, …' },
  { name: 'message', type: 'text', detail: 'of the status' },
  { name: 'trace.duration', type: 'duration', detail: 'from first to last of its spans' },
  { name: 'trace.spans', type: 'count', detail: 'how many spans' },
  { name: 'trace.errors', type: 'count', detail: 'how many spans failed' },
  { name: 'trace.services', type: 'count', detail: 'how many services' },
]

const VALUES: Readonly<Partial<Record<FieldType, readonly string[]>>> = {
  status: ['error', 'ok', 'unset'],
  flag: ['true', 'false'],
  kind: ['server', 'client', 'internal', 'producer', 'consumer', 'unspecified'],
  duration: ['100ms', '250ms', '500ms', '1s', '5s'],
  count: ['1', '10', '100', '1000'],
}

const MEANINGS = {
  '=': 'is',
  '!=': 'is there, and another',
  '~': 'contains, in any case',
  '=~': 'matches the pattern',
  '>': 'more than',
  '>=': 'at least',
  '<': 'less than',
  '<=': 'at most',
} as const
type Operator = keyof typeof MEANINGS

const RANGES: readonly Operator[] = ['>', '>=', '<', '<=', '=', '!=']
const OPERATORS: Readonly<Record<FieldType, readonly Operator[]>> = {
  text: ['=', '!=', '~', '=~'],
  kind: ['=', '!='],
  status: ['=', '!='],
  flag: ['=', '!='],
  duration: RANGES,
  count: RANGES,
  attribute: ['=', '!=', '~', '=~', '>', '>=', '<', '<='],
}

function fieldType(name: string): FieldType {
  const lower = name.toLowerCase() === 'operation' ? 'name' : name.toLowerCase()
  return QUERY_FIELDS.find((field) => field.name === lower)?.type ?? 'attribute'
}

/** The values that there can be; undefined for a field whose values the store knows. */
export function fixedValues(field: string): readonly string[] | undefined {
  return VALUES[fieldType(field)]
}

export function contextAt(query: string, caret: number): CompletionContext {
  const tokens = queryTokens(query)
  const touched = tokens.find((token) => isTouched(token, caret))
  const before = tokens.filter((token) => token !== touched && token.end <= caret)
  const state = stateAfter(before, touched)
  const asText =
    touched?.type === 'string' ? { ...touched, text: query.slice(touched.start, caret) } : touched
  const prefix =
    asText === undefined
      ? ''
      : unquoted({
          ...asText,
          text: query.slice(asText.start, caret),
          isOpen: caret < asText.end || asText.isOpen,
        })
  return {
    ...state,
    from: state.keyStart ?? touched?.start ?? caret,
    to: touched?.end ?? caret,
    prefix: state.keyStart === undefined ? prefix : query.slice(state.keyStart, touched!.start) + prefix,
  }
}

/** A word under or before the caret is being written. Behind an operator, its value is next. */
function isTouched({ type, start, end, text }: QueryToken, caret: number): boolean {
  if (caret <= start || caret > end) return false
  return type === 'operator' ? caret < end || text === '!' : type !== 'broken'
}

interface State {
  readonly expects: CompletionContext['expects']
  readonly field: string
  readonly open: readonly ('(' | '{')[]
  /** Of a key whose owner stands before its quotes: `span."my key"`. */
  readonly keyStart: number | undefined
}

function stateAfter(tokens: readonly QueryToken[], touched: QueryToken | undefined): State {
  const open: ('(' | '{')[] = []
  let expects: State['expects'] = 'condition'
  let field = ''
  let owner: QueryToken | undefined
  for (const [at, token] of tokens.entries()) {
    const { text, type } = token
    if (expects === 'operator' && isComparator(token)) {
      expects = 'value'
      continue
    }
    if (expects === 'value') {
      expects = 'joiner'
      continue
    }
    if (expects === 'key') {
      if (type !== 'operator') continue
      expects = 'joiner'
      if (text === ')') open.pop()
      continue
    }
    if (text === '(' || text === '{') {
      open.push(text)
      const isHas = text === '(' && tokens[at - 1]?.text.toLowerCase() === 'has'
      expects = isHas ? 'key' : 'condition'
    } else if (text === ')' || text === '}') {
      open.pop()
      expects = 'joiner'
    } else if (isKeyword(token, 'and') || isKeyword(token, 'or') || isKeyword(token, 'not')) {
      expects = 'condition'
    } else if (type === 'operator' || type === 'broken') {
      expects = 'condition'
    } else {
      // A word alone is text to look for, until an operator follows.
      field =
        owner !== undefined && owner.end === token.start ? owner.text + unquoted(token) : unquoted(token)
      owner = /^(span|resource|event)\.$/i.test(text) ? token : undefined
      expects = 'operator'
    }
  }
  const keyStart =
    owner !== undefined && touched?.type === 'string' && owner.end === touched.start ? owner.start : undefined
  if (keyStart !== undefined) return { expects: 'condition', field: '', open, keyStart }
  // `cardworks b|`: the word before was text to look for.
  if (expects === 'operator' && touched !== undefined && touched.type !== 'operator')
    return { expects: 'joiner', field, open, keyStart }
  return { expects, field, open, keyStart }
}

export interface Known {
  readonly keys: Pick<AttributeKeysResponse, 'keys' | 'sample'>
  readonly values: Pick<AttributeValuesResponse, 'values' | 'sample'>
  /** Queries that were asked before, newest first. */
  readonly recent: readonly string[]
}

const MOST = 60

export function completionsAt(
  query: string,
  context: CompletionContext,
  known: Known,
): readonly Completion[] {
  const { expects, prefix, field, open } = context
  switch (expects) {
    case 'condition':
      return [...(query.trim() === '' ? recents(known.recent) : []), ...conditions(prefix, open, known)]
    case 'key':
      return attributes(prefix, known, ')')
    case 'operator':
      return operators(field, prefix)
    case 'value':
      return values(field, prefix, known)
    case 'joiner':
      return [...joiners(prefix, open), ...(prefix === '' ? [] : conditions(prefix, open, known))]
  }
}

function recents(recent: readonly string[]): readonly Completion[] {
  return recent
    .slice(0, 5)
    .map((query) => ({ kind: 'recent', label: query, detail: 'asked before', insert: query }))
}

function conditions(prefix: string, open: CompletionContext['open'], known: Known): readonly Completion[] {
  const wanted = prefix.toLowerCase()
  const inBraces = open.includes('{')
  const fields = QUERY_FIELDS.filter(
    ({ name }) => startsOrHolds(name, wanted) && !(inBraces && name.startsWith('trace.')),
  ).map(({ name, detail }): Completion => ({ kind: 'field', label: name, detail, insert: `${name} ` }))
  const found = [...fields].sort((a, b) => rank(a.label, wanted) - rank(b.label, wanted))
  const words: Completion[] = [
    { kind: 'joiner', label: 'not', detail: 'the condition that follows does not hold', insert: 'not ' },
    { kind: 'joiner', label: 'has(…)', detail: 'the attribute is there', insert: 'has(' },
    ...(inBraces
      ? []
      : ([{ kind: 'joiner', label: '{ … }', detail: 'some span of the trace', insert: '{ ' }] as const)),
  ]
  const text: readonly Completion[] =
    prefix === ''
      ? []
      : [
          {
            kind: 'text',
            label: prefix,
            detail: 'as text in names, messages and attributes',
            insert: `${quoted(prefix)} `,
          },
        ]
  return [
    ...found,
    ...attributes(prefix, known, ' '),
    ...words.filter(({ label }) => label.startsWith(wanted)),
    ...text,
  ].slice(0, MOST)
}

function attributes(prefix: string, { keys }: Known, after: string): readonly Completion[] {
  const wanted = prefix.toLowerCase()
  const seen = new Set<string>()
  return keys.keys.flatMap(({ of, key, type, count }) => {
    const name = attributeName(of, key)
    const isWanted = startsOrHolds(key, wanted) || startsOrHolds(`${of}.${key}`, wanted)
    if (!isWanted || seen.has(name)) return []
    seen.add(name)
    const detail = `${of === 'span' ? '' : `${of}, `}${type}, ${howMany(count, keys.sample)}`
    return [{ kind: 'attribute', label: name, detail, insert: name + after } as const]
  })
}

function operators(field: string, prefix: string): readonly Completion[] {
  return OPERATORS[fieldType(field)]
    .filter((operator) => operator.startsWith(prefix))
    .map((operator) => ({
      kind: 'operator',
      label: operator,
      detail: MEANINGS[operator],
      insert: `${operator} `,
    }))
}

function values(field: string, prefix: string, known: Known): readonly Completion[] {
  const wanted = prefix.toLowerCase()
  const fixed = fixedValues(field)
  if (fixed !== undefined) {
    const isNumber = /^(duration|count)$/.test(fieldType(field))
    return fixed
      .filter((value) => value.startsWith(wanted))
      .map((value) => ({
        kind: 'value',
        label: value,
        detail: isNumber ? 'for example' : '',
        insert: `${value} `,
      }))
  }
  return known.values.values
    .filter(({ value }) => value.toLowerCase().startsWith(wanted))
    .slice(0, MOST)
    .map(({ value, count }) => ({
      kind: 'value',
      label: value,
      detail: howMany(count, known.values.sample),
      insert: `${queryValue(value)} `,
    }))
}

function joiners(prefix: string, open: CompletionContext['open']): readonly Completion[] {
  const wanted = prefix.toLowerCase()
  const close = open.at(-1)
  const all: readonly Completion[] = [
    ...(close === undefined
      ? []
      : ([
          {
            kind: 'joiner',
            label: close === '(' ? ')' : '}',
            detail: 'closes',
            insert: close === '(' ? ') ' : '} ',
          },
        ] as const)),
    { kind: 'joiner', label: 'and', detail: 'both hold', insert: 'and ' },
    { kind: 'joiner', label: 'or', detail: 'one of them holds', insert: 'or ' },
  ]
  return all.filter(({ label }) => label.startsWith(wanted))
}

/** Letters at the beginning, or of a part behind a dot. */
function startsOrHolds(name: string, wanted: string): boolean {
  return wanted === '' || rank(name, wanted) < 3
}

function rank(name: string, wanted: string): number {
  const lower = name.toLowerCase()
  if (lower.startsWith(wanted)) return 0
  return lower.includes(`.${wanted}`) || lower.includes(`_${wanted}`) ? 1 : lower.includes(wanted) ? 2 : 3
}

/** The text and the caret after an option was chosen. */
export function complete(
  query: string,
  { from, to }: Pick<CompletionContext, 'from' | 'to'>,
  insert: string,
): { readonly text: string; readonly caret: number } {
  const rest = query.slice(to)
  // One space between what is written and what follows is enough.
  const written = insert.endsWith(' ') && rest.startsWith(' ') ? insert.slice(0, -1) : insert
  const text = query.slice(0, from) + written + rest
  return { text, caret: from + insert.length }
}

/** Of a sample, what it tells of all. */
function howMany(count: number, { oneIn }: AttributeKeysResponse['sample']): string {
  if (count === 0) return 'rare'
  const spans = count * oneIn === 1 ? 'span' : 'spans'
  return oneIn === 1 ? `${count.toLocaleString()} ${spans}` : `about ${formatCount(count * oneIn)} ${spans}`
}
