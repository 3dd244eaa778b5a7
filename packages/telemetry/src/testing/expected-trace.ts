/**
 * The trace that a test expects: as text, one span a line, or as objects.
 *
 *   GET /users [server] {http.response.status_code=200}
 *     SELECT users [client] !error {db.query.text~/^SELECT/, db.namespace=*}
 *     ...
 *
 * Deeper lines are children. `[kind]`, `!status` and attributes are looked at where they are given. A bare value is compared as text, a
 * quoted one is a string, `*` is any value, `~/…/` a pattern. A line of three dots stands for any further spans in its place.
 */
import { formatValue, inBraces } from './format-span.ts'
import type { CapturedSpan, CapturedValue, SpanKindName } from './read-spans.ts'
import { isPattern, type SpanMatch, showMatch, type ValueMatch } from './span-match.ts'

export interface ExpectedSpan extends SpanMatch {
  readonly name: string | RegExp
  readonly children?: readonly ExpectedSpan[]
  /** Whether it may have further children. Default false. */
  readonly partial?: boolean
}

export interface ExpectedNode {
  /** As a line of the diff. */
  readonly text: string
  readonly match: SpanMatch
  readonly children: ExpectedSiblings
}

export interface ExpectedSiblings {
  readonly nodes: readonly ExpectedNode[]
  /** Whether there may be more. */
  readonly partial: boolean
}

export type ExpectedTrace = string | ExpectedSpan | readonly ExpectedSpan[]

/** @throws SyntaxError that names the line of a text that cannot be read. */
export function readExpected(expected: ExpectedTrace): ExpectedSiblings {
  if (typeof expected === 'string') return parseLines(expected)
  const spans = Array.isArray(expected) ? (expected as readonly ExpectedSpan[]) : [expected as ExpectedSpan]
  return { nodes: spans.map(toNode), partial: false }
}

function toNode({ children = [], partial = false, ...match }: ExpectedSpan): ExpectedNode {
  return { text: formatMatch(match), match, children: { nodes: children.map(toNode), partial } }
}

/** As a line of text, with these of its attributes, or all. */
export function formatMatch(
  { name, kind, status, attributes = {} }: SpanMatch,
  only?: ReadonlySet<string>,
): string {
  const pairs = Object.entries(attributes)
    .filter(([key]) => only === undefined || only.has(key))
    .map(([key, value]) => `${key}${isPattern(value) ? '~' : '='}${showMatch(value)}`)
  const shownKind = kind === undefined ? '' : ` [${kind}]`
  const shownStatus = status === undefined ? '' : ` !${status}`
  return `${name}${shownKind}${shownStatus}${inBraces(pairs)}`
}

interface OpenNode {
  readonly indent: number
  readonly nodes: ExpectedNode[]
  partial: boolean
}

function parseLines(text: string): ExpectedSiblings {
  const root: OpenNode = { indent: -1, nodes: [], partial: false }
  /** From the root to the last line's span: those that a deeper line may belong to. */
  const path: OpenNode[] = [root]
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.trim()
    if (content === '') continue
    const indent = line.length - line.trimStart().length
    while (path.at(-1)!.indent >= indent) path.pop()
    const parent = path.at(-1)!
    if (content === '...' || content === '…') {
      parent.partial = true
      continue
    }
    const children: OpenNode = { indent, nodes: [], partial: false }
    parent.nodes.push({ text: content, match: parseSpan(content, index + 1), children })
    path.push(children)
  }
  return root
}

const spanLine =
  /^(?<name>.*?)(?: \[(?<kind>internal|server|client|producer|consumer)\])?(?: !(?<status>unset|ok|error))?(?: \{(?<attributes>[^\s={}~]+[=~].*)\})?$/
const attribute =
  /\s*(?<key>[^\s={}~,]+)(?:=(?:(?<quoted>"(?:[^"\\]|\\.)*")|(?<list>\[[^\]]*\])|(?<bare>[^",{}[\]]*?))|~\/(?<pattern>(?:[^/\\]|\\.)+)\/(?<flags>[a-z]*))\s*(?:,|$)/y

function parseSpan(line: string, lineNumber: number): SpanMatch {
  const { name = '', kind, status, attributes } = spanLine.exec(line)?.groups ?? {}
  return {
    name,
    ...(kind !== undefined && { kind: kind as SpanKindName }),
    ...(status !== undefined && { status: status as CapturedSpan['status'] }),
    ...(attributes !== undefined && { attributes: parseAttributes(attributes, lineNumber) }),
  }
}

function parseAttributes(text: string, lineNumber: number): Record<string, ValueMatch> {
  const found: Record<string, ValueMatch> = {}
  attribute.lastIndex = 0
  while (attribute.lastIndex < text.length) {
    const at = attribute.lastIndex
    const groups = attribute.exec(text)?.groups
    if (groups === undefined) {
      const form = 'key=value, key="text", key=* or key~/pattern/'
      throw new SyntaxError(
        `line ${lineNumber} of the expected trace: '${text.slice(at).trim()}' is not ${form}`,
      )
    }
    const { key = '', quoted, list, bare, pattern, flags } = groups
    if (pattern !== undefined) found[key] = new RegExp(pattern, flags)
    else if (quoted !== undefined) found[key] = JSON.parse(quoted) as string
    else found[key] = bare === '*' ? anyValue : asText(list ?? bare ?? '')
  }
  return found
}

const anyValue: ValueMatch = named('*', (value) => value !== undefined)

/** 200 and "200" alike: in a line of text, quotes tell when the difference matters. */
function asText(text: string): ValueMatch {
  return named(text, (value) => formatValue(value) === text || value === text)
}

/** A difference is told with the function's name. */
function named(name: string, matches: (value: CapturedValue) => boolean): ValueMatch {
  return Object.defineProperty(matches, 'name', { value: name })
}
