/**
 * The values of the members of two cohorts, counted, as SQL. Each member's values are made one list without repetitions, so that a value
 * counts once however many spans of a trace carry it; then each value is counted over the lists.
 *
 *   rows of spans ─▶ a list of tokens a member ─▶ counts a token ─▶ the most telling values of each key
 *
 * A token is a letter for where it is from and then what the store's attributes look like, `key:t=VALUE`:
 * f columns, a attributes of spans, r of resources, e of events; `m:s=` is on every member, and counts them.
 */

import type { ComparedUnit } from './cohorts.ts'

export interface ValuesSqlOptions {
  readonly unit: ComparedUnit
  /** Rows of (trace_id, span_id when spans are compared, selected): what `cohortsSql` makes. */
  readonly members: string
  /** What a row of `spans` must satisfy besides being of a member. */
  readonly where: string
}

/** Its parameters: sizes of the cohorts as far as they are known, for ranking, and the limits. */
export interface ValuesSqlParameters {
  readonly selectedSize: number
  readonly restSize: number
  /** A key with more values shows its most telling ones. */
  readonly valuesPerKey: number
  /** Of all keys together. */
  readonly mostValues: number
  /** Numbers of more different values are compared by ranges. */
  readonly mostExactNumbers: number
  /** A key with fewer values is not taken for one of identities. */
  readonly fewestIdentities: number
  /** In characters. */
  readonly longestValue: number
}

/** A row of the result. Integers of 64 bits are decimal strings. */
export interface ValueRow {
  readonly source: 'm' | 'f' | 'a' | 'r' | 'e'
  /** As in a token, with escapes. */
  readonly name: string
  /** The token's letter; `n` for a range of numbers. */
  readonly type: string
  readonly value: string
  readonly isCut: number
  readonly selected: string
  readonly rest: string
  /** Different ones of the key. */
  readonly values: string
  /** 1 in the one row that stands for a key whose values tell members apart and explain nothing, such as a request's id. */
  readonly isIdentity: number
  /** Values of all keys that can be tested: on two members or more, since one alone is never more than chance. */
  readonly tests: string
}

export function valuesSql(options: ValuesSqlOptions): string {
  return `
    SELECT source, name, type, leftUTF8(text, {longestValue:UInt32}) AS value,
      lengthUTF8(text) > {longestValue:UInt32} AS isCut, selected, rest, values, isIdentity, tests
    FROM (
      SELECT *, countIf(is_tested) OVER () AS tests,
        row_number() OVER (PARTITION BY source, name ORDER BY is_tested DESC, score DESC, text) AS rank
      FROM (
        SELECT *, ${identity} AS isIdentity, source != 'm' AND NOT isIdentity AND selected + rest >= 2 AS is_tested
        FROM (
          SELECT *, count() OVER (PARTITION BY source, name) AS values,
            sum(selected + rest) OVER (PARTITION BY source, name) AS occurrences,
            max(selected + rest) OVER (PARTITION BY source, name) AS most_frequent
          FROM (
            SELECT *, countIf(type IN ('i', 'd')) OVER (PARTITION BY source, name) > {mostExactNumbers:UInt32} AS by_range
            FROM (${countedTokens(options)})
          )
          WHERE if(by_range, type NOT IN ('i', 'd'), type != 'n')
        )
      )
    )
    WHERE rank = 1 AND (source = 'm' OR isIdentity) OR rank <= {valuesPerKey:UInt32} AND is_tested
    ORDER BY source = 'm' DESC, isIdentity DESC, score DESC, source, name, text LIMIT {mostValues:UInt32}`
}

/** Most values are on one member each, and none is on many: one that is may explain something, whatever the others are. */
const identity = `values >= {fewestIdentities:UInt32} AND values * 2 > occurrences AND most_frequent <= greatest(5, occurrences / 1000)`

/** Its score is the chi-squared statistic without a constant factor, which ranks rare and frequent values alike. */
function countedTokens(options: ValuesSqlOptions): string {
  return `
    SELECT substring(token, 1, 1) AS source, substring(token, 2, equals_at - 4) AS name,
      substring(token, equals_at - 1, 1) AS type, substring(token, equals_at + 1) AS text, selected, rest,
      pow(selected / {selectedSize:Float64} - rest / {restSize:Float64}, 2) / (selected + rest)
        / greatest({selectedSize:Float64} + {restSize:Float64} - selected - rest, 0.5) AS score
    FROM (
      SELECT token, countIf(cohort) AS selected, countIf(NOT cohort) AS rest, ${bareEquals('token')} AS equals_at
      FROM (SELECT cohort, arrayConcat(tokens, ${rangesOf('tokens')}) AS tokens FROM (${tokenLists(options)}))
      ARRAY JOIN tokens AS token GROUP BY token
    )`
}

function tokenLists({ unit, members, where }: ValuesSqlOptions): string {
  const key = unit === 'traces' ? 'trace_id' : 'trace_id, span_id'
  return `
    SELECT any(selected) AS cohort, arrayConcat(
        ['m:s='],
        ${letter('a', `arrayFilter(token -> ${isNoColumn}, groupUniqArrayArray(attributes))`)},
        ${letter('r', `arrayFilter(token -> ${isNoColumn}, arrayDistinct(arrayFlatten(arrayMap(blob -> JSONExtract(blob, 'attributes', 'Array(String)'), groupUniqArray(resource)))))`)},
        ${letter('e', `groupUniqArrayArray(${eventTokens})`)},
        ${column('tenant', 'tenant')}, ${column('user', 'user')}, ${column('service', 'service')}, ${column('operation', 'name')},
        ${column('kind', kindName)}, ${column('status', statusName)}
      ) AS tokens
    FROM spans INNER JOIN (${members}) AS members USING (${key})
    WHERE ${where} GROUP BY ${key}`
}

function letter(source: string, tokens: string): string {
  return `arrayMap(token -> concat('${source}', token), ${tokens})`
}

function column(field: string, value: string): string {
  return `arrayMap(value -> concat('f${field}:s=', value), groupUniqArray(${value}))`
}

/** What the columns say already. */
const isNoColumn = ['tenant_id', 'user_id', 'service.name']
  .map((key) => `NOT startsWith(token, '${key}:')`)
  .join(' AND ')

const kindName = `transform(kind, [0, 1, 2, 3, 4, 5], ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'], toString(kind))`
const statusName = `transform(status, [0, 1, 2], ['unset', 'ok', 'error'], toString(status))`

/** Names of events and types of exceptions; what else events say is mostly prose. An event's second string is its name. */
const eventTokens = `arrayFlatten(arrayMap(
  event -> arrayFilter((token, index) -> index = 2 OR startsWith(token, 'exception.type:'), event, arrayEnumerate(event)), events))`

/** Where a token's key and type end: at the first `=` that no backslash escapes. */
function bareEquals(token: string): string {
  return `if(position(${token}, '\\\\') = 0, position(${token}, '='),
    length(extract(${token}, '(?s)^((?:[^=\\\\\\\\]|\\\\\\\\.)*)=')) + 1)`
}

/** Numbers once more as ranges from 1, 2 or 5 times a power of ten to the next such number: `key:n=±De±N`, of which JavaScript makes bounds. */
function rangesOf(tokens: string): string {
  const number = `toFloat64OrZero(substring(token, position(token, '=') + 1))`
  const magnitude = `toInt32(floor(log10(abs(number))))`
  const leading = `abs(number) / exp10(${magnitude})`
  const range = `if(number = 0, '0', concat(if(number < 0, '-', ''),
    multiIf(${leading} < 2, '1', ${leading} < 5, '2', '5'), 'e', toString(${magnitude})))`
  return `arrayDistinct(arrayMap(
    token -> concat(substring(token, 1, position(token, '=') - 2), 'n=', arrayMap(number -> ${range}, [${number}])[1]),
    arrayFilter(token -> substring(token, position(token, '=') - 1, 1) IN ('i', 'd') AND isFinite(${number}), ${tokens})))`
}
