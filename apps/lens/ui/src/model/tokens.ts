/**
 * Light highlighting of SQL, GraphQL and JSON: cuts a document into tokens whose texts, joined, are the document again.
 * One pattern per language and no grammar: wrong input gives plain text, never an error. Called by the CodeBlock component.
 */
export type Language = 'sql' | 'graphql' | 'json'
export type TokenKind = 'plain' | 'keyword' | 'string' | 'number' | 'comment' | 'name'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

/** Beyond this a document is drawn plain: a thousand lines need reading aids, not colours, and each token is an element. */
const LIMIT = 20_000

const SQL_WORDS =
  'add all alter and any as asc begin between by case cast coalesce commit conflict create cross default delete desc distinct do drop else end exists explain false fetch first for foreign from full group having ilike in inner insert intersect into is join key last lateral left like limit lock not nothing null nulls offset on only or order outer over partition primary references returning right rollback row rows savepoint select set share skip table then to transaction true truncate union unique update using values when where with'

const SYNTAX: Readonly<Record<Language, { readonly pattern: RegExp; readonly words: ReadonlySet<string> }>> =
  {
    sql: {
      pattern:
        /(?<comment>--[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\/)|(?<string>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*"|`[^`]*`|\$\d+|[:@]\w+|\?)|(?<number>\b\d+(?:\.\d+)?\b)|(?<word>[A-Za-z_]\w*)/g,
      words: new Set(SQL_WORDS.split(' ')),
    },
    graphql: {
      pattern:
        /(?<comment>#[^\n]*)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<name>[$@]\w+)|(?<number>-?\b\d+(?:\.\d+)?\b)|(?<word>[A-Za-z_]\w*)/g,
      words: new Set('query mutation subscription fragment on true false null'.split(' ')),
    },
    json: {
      pattern:
        /(?<name>"(?:[^"\\\n]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\\n]|\\.)*")|(?<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?<word>\b[a-z]+\b)/g,
      words: new Set(['true', 'false', 'null']),
    },
  }

export function tokenize(document: string, language: Language): readonly Token[] {
  if (document.length > LIMIT) return [{ kind: 'plain', text: document }]
  const { pattern, words } = SYNTAX[language]
  const tokens: Token[] = []
  let at = 0
  const push = (kind: TokenKind, text: string) => {
    const last = tokens.at(-1)
    if (text === '') return
    if (kind === 'plain' && last?.kind === 'plain')
      tokens[tokens.length - 1] = { kind, text: last.text + text }
    else tokens.push({ kind, text })
  }
  for (const match of document.matchAll(pattern)) {
    push('plain', document.slice(at, match.index))
    push(kindOf(match, words), match[0])
    at = match.index + match[0].length
  }
  push('plain', document.slice(at))
  return tokens
}

function kindOf(match: RegExpExecArray, words: ReadonlySet<string>): TokenKind {
  const groups = match.groups!
  for (const kind of ['comment', 'string', 'name', 'number'] as const) {
    if (groups[kind] !== undefined) return kind
  }
  return words.has(match[0].toLowerCase()) ? 'keyword' : 'plain'
}
