/**
 * Which attributes are changed before they are recorded, by their names: the built-in rules and those that are added. A rule is looked up
 * once per name, when the name is first seen.
 */
import { type AttributeInput, type AttributeRule, type AttributesBeside, attributeKey } from '@rustok/otlp'
import { ignoreRejection } from '../ignore-rejection.ts'
import { redactSql } from './redact-sql.ts'
import { redactText } from './redact-text.ts'
import { redacted, redactQuery, redactUrlText } from './redact-url.ts'
import { isTellingAttribute, isTellingParameter } from './telling-names.ts'

/** A rule of the application's. */
export interface RedactionRule {
  /** The attribute's name, or a pattern of it. */
  readonly attribute: string | RegExp
  /** What is recorded instead of `value`, undefined to leave the attribute out. Without it the value becomes `REDACTED`. */
  redact?(value: AttributeInput, name: string): AttributeInput
}

const urls = new Set([
  'url.full',
  'url.original',
  'http.url',
  'http.target',
  'http.request.header.referer',
  'http.response.header.location',
  'db.connection_string',
  'messaging.url',
  'peer.address',
])
const statements = new Set(['db.query.text', 'db.statement'])
const texts = new Set(['exception.message', 'exception.stacktrace', 'error.message'])
const header = /^(?:http\.(?:request|response)\.header|rpc\.[\w.]+\.metadata)\.(.+)$/
const authorizationScheme = /^(Bearer|Basic|Digest|Negotiate)\s/i

const everything: AttributeRule = () => redacted
const ofUrl = eachText(redactUrlText)
const ofQuery = eachText(redactQuery)
const ofText = eachText(redactText)
const ofHeader = eachText((value) => {
  const scheme = authorizationScheme.exec(value)
  return scheme === null ? redacted : `${scheme[1]} ${redacted}`
})

/** The built-in rule for attributes of that name. */
export function builtInRule(name: string): AttributeRule | undefined {
  if (urls.has(name)) return ofUrl
  if (name === 'url.query') return ofQuery
  if (statements.has(name)) return redactStatement
  if (texts.has(name)) return ofText
  const [, headerName] = header.exec(name) ?? []
  if (headerName !== undefined) {
    return isTellingParameter(headerName) || headerName.includes('cookie') ? ofHeader : undefined
  }
  return isTellingAttribute(name) ? onlyTexts(everything) : undefined
}

/** The first of `rules` that names the attribute. */
export function addedRule(rules: readonly RedactionRule[], name: string): AttributeRule | undefined {
  const rule = rules.find(({ attribute }) =>
    typeof attribute === 'string' ? attribute === name : name.search(attribute) >= 0,
  )
  if (rule === undefined) return undefined
  return (value) => {
    if (rule.redact === undefined) return redacted
    try {
      const recorded = rule.redact(value, name)
      return ignoreRejection(recorded) ? redacted : recorded
    } catch {
      // A rule that fails must not let its value through, nor one that answers later.
      return redacted
    }
  }
}

const systemKeys = [attributeKey('db.system.name'), attributeKey('db.system')] as const
/** Statements repeat; taking one apart costs microseconds. Of each system. */
const maxKnownStatements = 512
const maxKnownLength = 8192
const knownStatements = new Map<string, Map<string, string>>()

function redactStatement(value: AttributeInput, beside: AttributesBeside): AttributeInput {
  if (typeof value !== 'string') return value
  const system = String(beside.get(systemKeys[0]) ?? beside.get(systemKeys[1]) ?? '')
  let known = knownStatements.get(system)
  if (known === undefined) {
    known = new Map()
    if (knownStatements.size < maxKnownStatements) knownStatements.set(system, known)
  }
  const found = known.get(value)
  if (found !== undefined) return found
  const statement = /^\s*[{[]/.test(value) ? redactDocument(value) : redactSql(value, system)
  if (known.size >= maxKnownStatements) known.clear()
  if (value.length <= maxKnownLength) known.set(value, statement)
  return statement
}

/** A query that is a JSON document (MongoDB, Elasticsearch): its values go, its keys stay. */
function redactDocument(text: string): string {
  return text.replace(
    /("(?:[^"\\]|\\.)*")(\s*:)?|-?\b\d[\d.eE+-]*\b/g,
    (token, quoted: string | undefined, colon: string | undefined) =>
      quoted !== undefined && colon !== undefined ? token : '"?"',
  )
}

function onlyTexts(rule: AttributeRule): AttributeRule {
  return (value, beside) =>
    typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
      ? value
      : rule(value, beside)
}

function eachText(redact: (text: string) => string): AttributeRule {
  const each = (value: AttributeInput): AttributeInput => {
    if (typeof value === 'string') return redact(value)
    return Array.isArray(value) ? value.map(each) : value
  }
  return each
}
