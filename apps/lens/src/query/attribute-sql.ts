/**
 * Conditions of SQL on attributes, the one place that knows how the store keeps them: as tokens `key:t=VALUE`, a span's in the list
 * `attributes`, an event's in the lists of `events`, a resource's in JSON. Values are bound as parameters.
 */

import type { Attribute } from '../api/contract.ts'
import { attributePrefix, decodeAttribute, tokensEqualTo } from '../store/attribute-token.ts'
import { type Binder, type KnownTokens, tokensKey } from './binder.ts'

type AttributeType = Attribute['type']
export type AttributeOwner = 'span' | 'resource' | 'event'
export const attributeOwners = ['span', 'event', 'resource'] as const

export type AttributeTest =
  | { readonly operator: 'exists' }
  /** Of any type, with this text. */
  | { readonly operator: '=' | '!='; readonly value: string }
  /** `~` contains, in any case; `=~` RE2 finds something. */
  | { readonly operator: '~' | '=~'; readonly value: string }
  /** Of numbers alone. */
  | { readonly operator: '<' | '<=' | '>' | '>='; readonly value: bigint | number }

/** True for a span of which an attribute of one of the owners has the key and passes the test. */
export function attributeSql(
  owners: readonly AttributeOwner[],
  key: string,
  test: AttributeTest,
  binder: Binder,
): string {
  const condition = test.operator === '=' ? equality(key, test.value, binder) : search(key, test, binder)
  return `(${owners.map(condition).join(' OR ')})`
}

type OwnerCondition = (owner: AttributeOwner) => string

/** By whole tokens, which is what the inverted indexes hold. */
function equality(key: string, value: string, binder: Binder): OwnerCondition {
  const tokens = tokensEqualTo(key, value)
  const list = binder.bind('Array(String)', tokens)
  return (owner) => {
    if (owner === 'span') return `hasAny(attributes, ${list})`
    if (owner === 'event') return `hasAny(arrayFlatten(events), ${list})`
    // In the JSON of a resource, no text can hold a quote after a comma or a bracket, save as the start of a string.
    const starts = tokens.flatMap((token) => [`[${JSON.stringify(token)}`, `,${JSON.stringify(token)}`])
    const holds = starts.map((start) => `position(resource, ${binder.bind('String', start)}) > 0`)
    return resourceSql(holds.join(' OR '), binder)
  }
}

/**
 * Of the span's resource. Resources are few: each is looked at once, then spans are picked by theirs. That there is none at all the engine knows before it plans,
 * which is what lets the indexes of attributes decide what is read: a condition on the column would read everything.
 */
function resourceSql(condition: string, { knowsResources }: Binder): string {
  if (!knowsResources) {
    return `resource IN (SELECT resource FROM (SELECT DISTINCT resource FROM spans) WHERE ${condition})`
  }
  const having = `FROM resources WHERE ${condition}`
  return `(SELECT count() > 0 ${having}) AND resource IN (SELECT resource ${having})`
}

/** By the tokens that pass, where they are known, or by looking at every attribute. */
function search(key: string, test: AttributeTest, binder: Binder): OwnerCondition {
  const known = binder.tokensOf(tokensKey.attribute(key, test))
  let found: string | undefined
  return (owner) => {
    const tokens = tokensOfOwner(known, owner)
    if (tokens !== undefined) return hasAnySql(owner, tokens, binder)
    found ??= testSql(key, test, binder)
    const condition = `arrayExists(token -> ${found}, ${tokenLists[owner]})`
    return owner === 'resource' ? resourceSql(condition, binder) : condition
  }
}

/** On `token`: it has the key and passes the test. */
export function testSql(key: string, test: AttributeTest, binder: Binder): string {
  const prefix = binder.bind('String', attributePrefix(key))
  const passes = valueCondition(key, test, prefix, binder)
  return `${isKeySql(prefix)}${passes === '' ? '' : ` AND ${passes}`}`
}

function tokensOfOwner(known: KnownTokens, owner: AttributeOwner): readonly string[] | undefined {
  return owner === 'resource' ? undefined : known[owner]
}

function hasAnySql(owner: AttributeOwner, tokens: readonly string[], binder: Binder): string {
  return tokens.length === 0 ? '0' : `hasAny(${tokenLists[owner]}, ${binder.bind('Array(String)', tokens)})`
}

/** On `token`, of which the key is known. */
function valueCondition(key: string, test: AttributeTest, prefix: string, binder: Binder): string {
  const text = `substring(token, length(${prefix}) + 3)`
  switch (test.operator) {
    case 'exists':
      return ''
    case '=':
    case '!=': {
      const tokens = binder.bind('Array(String)', tokensEqualTo(key, test.value))
      return `${test.operator === '=' ? '' : 'NOT '}has(${tokens}, token)`
    }
    case '~':
      return `positionCaseInsensitiveUTF8(${text}, ${binder.bind('String', test.value)}) > 0`
    case '=~':
      return `match(${text}, ${binder.bind('String', test.value)})`
    default:
      return numberCondition(
        test.operator,
        test.value,
        text,
        `substring(token, length(${prefix}) + 1, 1)`,
        binder,
      )
  }
}

function numberCondition(
  operator: string,
  value: bigint | number,
  text: string,
  type: string,
  binder: Binder,
): string {
  const double = binder.bind('Float64', Number(value))
  const whole =
    typeof value === 'bigint'
      ? `toInt64OrZero(${text}) ${operator} ${binder.bind('Int64', value)}`
      : `toFloat64(toInt64OrZero(${text})) ${operator} ${double}`
  return `multiIf(${type} = 'i', ${whole}, ${type} = 'd', toFloat64OrZero(${text}) ${operator} ${double}, 0)`
}

/** The text is in the name, the status message, an event or an attribute's value of the span, in any case. */
export function textSql(text: string, binder: Binder): string {
  const word = binder.bind('String', text)
  const known = binder.tokensOf(tokensKey.text(text))
  let found: string | undefined
  const inValue = (['span', 'event'] as const).map((owner) => {
    const tokens = known[owner]
    if (tokens !== undefined) return hasAnySql(owner, tokens, binder)
    found ??= textTokenSql(text, binder)
    return `arrayExists(token -> ${found}, ${tokenLists[owner]})`
  })
  return `(positionCaseInsensitiveUTF8(name, ${word}) > 0 OR positionCaseInsensitiveUTF8(status_message, ${word}) > 0
    OR ${inValue.join(' OR ')})`
}

/** On `token`: it is an attribute whose value holds the text. */
export function textTokenSql(text: string, binder: Binder): string {
  const word = binder.bind('String', text)
  // An event's first string has no `=` and is no attribute. The whole token is looked at first: that is one pass over the column, where
  // the value needs a copy of each.
  return `positionCaseInsensitiveUTF8(token, ${word}) > 0 AND position(token, '=') > 0
    AND positionCaseInsensitiveUTF8(substring(token, position(token, '=') + 1), ${word}) > 0`
}

/** The values of an attribute of the span, as text, as a list: empty when it has none. */
export function attributeValuesSql(of: AttributeOwner | 'any', key: string, binder: Binder): string {
  const prefix = binder.bind('String', attributePrefix(key))
  const owners = of === 'any' ? attributeOwners : [of]
  const lists = owners.map((owner) => {
    const tokens = `arrayFilter(token -> ${isKeySql(prefix)}, ${tokenLists[owner]})`
    return `arrayMap(token -> ${valueSql(prefix)}, ${tokens})`
  })
  return lists.length === 1 ? `arrayDistinct(${lists[0]})` : `arrayDistinct(arrayConcat(${lists.join(', ')}))`
}

/** On `token`, whose key `prefix` ends with `:`: the value, as text. */
export function valueSql(prefix: string): string {
  return `substring(token, length(${prefix}) + 3)`
}

/** On `token`: what stands before its `=`, `key:t` with the key's escapes. */
export const headSql = `if(position(token, '\\\\=') = 0, substring(token, 1, position(token, '=') - 1),
    extract(token, '^((?:[^\\\\\\\\=]|\\\\\\\\.)*)='))`

/** That of each token: a list with repetitions. */
export function attributeHeadsSql(owner: AttributeOwner): string {
  // An event's first string is no token.
  return `arrayMap(token -> ${headSql}, arrayFilter(token -> position(token, ':') > 0, ${tokenLists[owner]}))`
}

export function decodeHead(head: string): { readonly key: string; readonly type: AttributeType } {
  return { key: decodeAttribute(`${head.slice(0, -1)}e=`).key, type: types[head.at(-1) ?? ''] ?? 'empty' }
}

const types: Readonly<Record<string, AttributeType>> = {
  s: 'string',
  i: 'int',
  d: 'double',
  t: 'bool',
  x: 'bytes',
  a: 'array',
  k: 'kvlist',
  e: 'empty',
}

/** On `token`: it has the key that `prefix`, a placeholder, ends with `:`. */
export function isKeySql(prefix: string): string {
  return `startsWith(token, ${prefix}) AND substring(token, length(${prefix}) + 2, 1) = '='`
}

const tokenLists: Readonly<Record<AttributeOwner, string>> = {
  span: 'attributes',
  event: 'arrayFlatten(events)',
  resource: `JSONExtract(resource, 'attributes', 'Array(String)')`,
}
