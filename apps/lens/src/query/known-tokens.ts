/**
 * Conditions that no index answers as they are, `>=`, `~`, `exists`, words, and the tokens that pass them: the indexes of attributes hold every token there is,
 * sorted, once a part. To look through those takes some milliseconds for a key, a fifth of a second for a word in ten million spans, where the spans
 * themselves take seconds. With the tokens known, the condition is one of equality, which the same indexes answer.
 */

import { type QueryOptions, type StoreEngine, StoreUnavailableError } from '../store/engine.ts'
import type { IndexedParts } from '../store/indexed-parts.ts'
import { type AttributeTest, testSql, textTokenSql } from './attribute-sql.ts'
import { Binder, type KnownTokens, type TokenOwner, tokensKey } from './binder.ts'
import { type TraceFilter, timeRange } from './filter.ts'
import type { Expression } from './language/expression.ts'
import { type Parts, partsOf, tokenIndexes, tokenOwners, tokensOfIndex } from './token-index.ts'
import { TokenMemory } from './token-memory.ts'

/** Beyond so many, the spans that have any of them are soon found without. */
const mostTokens = 1_000
/** UTF-16 code units, of a list and of one token: they travel in an address. */
const mostText = 40_000
const longestToken = 4_096
/** Of a query, in its order. */
const mostConditions = 8
/** Spans without an index are read for their tokens, as long as they are few. */
const mostUnindexed = 1_000_000
/** Of one of them, each token is compared. */
const mostComparisons = 10_000_000

const limits = { seconds: 3, memoryBytes: 256 * 1024 * 1024, resultRows: 100_000 }

type Wanted =
  | { readonly key: string; readonly test: AttributeTest; readonly of: readonly TokenOwner[] }
  | { readonly word: string; readonly of: readonly TokenOwner[] }

/**
 * The filter with what the indexes know of its conditions, for a search that begins now: spans that are stored later may be missed. What they do not know, or would take
 * long to tell, stays as it was, and is found by looking at the spans.
 */
export async function withKnownTokens(
  engine: StoreEngine,
  filter: TraceFilter,
  options?: QueryOptions,
): Promise<TraceFilter> {
  const wanted = wantedOf(filter)
  if (engine.indexedParts === undefined || wanted.size === 0) return filter
  const limited = { ...options, limits }
  const memory = memoryOf(engine.indexedParts)
  try {
    const parts = await partsOf(engine, engine.indexedParts, filter, limited)
    if (parts.unindexed > mostUnindexed) return filter
    const tokens = await Promise.all(
      [...wanted].map(
        async ([key, one]) =>
          [key, await tokensOf(engine, memory, filter, key, one, parts, limited)] as const,
      ),
    )
    return { ...filter, tokens: new Map(tokens) }
  } catch (error) {
    options?.signal?.throwIfAborted()
    if (error instanceof StoreUnavailableError) throw error
    // A store too large for it, or a ClickHouse that cannot show its indexes.
    return filter
  }
}

const memories = new WeakMap<IndexedParts, TokenMemory>()

function memoryOf(store: IndexedParts): TokenMemory {
  const known = memories.get(store) ?? new TokenMemory()
  memories.set(store, known)
  return known
}

/** By what they are looked up by. */
function wantedOf({ words = [], query }: TraceFilter): ReadonlyMap<string, Wanted> {
  const found = new Map<string, Wanted>()
  for (const word of words) found.set(tokensKey.text(word), { word, of: tokenOwners })
  if (query !== undefined) collect(query.expression, found)
  return new Map([...found].slice(0, mostConditions))
}

function collect(expression: Expression, found: Map<string, Wanted>): void {
  switch (expression.type) {
    case 'and':
    case 'or':
      for (const operand of expression.operands) collect(operand, found)
      return
    case 'not':
    case 'spans':
      collect(expression.operand, found)
      return
    case 'text':
      found.set(tokensKey.text(expression.value), { word: expression.value, of: tokenOwners })
      return
    case 'attribute': {
      const { of, key, operator, value } = expression
      if (operator === '=' || of === 'resource') return
      const test = { operator, value } as AttributeTest
      const name = tokensKey.attribute(key, test)
      const known = found.get(name)?.of ?? []
      const asked = of === 'any' ? tokenOwners : [of]
      found.set(name, {
        key,
        test,
        of: tokenOwners.filter((one) => known.includes(one) || asked.includes(one)),
      })
    }
  }
}

/** By what is remembered, and by looking where nobody has looked yet. */
async function tokensOf(
  engine: StoreEngine,
  memory: TokenMemory,
  filter: TraceFilter,
  key: string,
  wanted: Wanted,
  parts: Parts,
  options: QueryOptions,
): Promise<KnownTokens> {
  const remembered = memory.get(key)
  const known = await remembered?.tokens.catch(() => undefined)
  const isOfUse = known !== undefined && isWhole(known, wanted)
  const seen = [...parts.outside, ...parts.indexed].filter((name) => isOfUse && remembered?.parts.has(name))
  if (isOfUse && parts.unindexed === 0 && parts.indexed.every((name) => seen.includes(name))) return known
  const found = readTokens(engine, filter, wanted, parts, seen, options)
  const tokens = isOfUse ? found.then((tokens) => joined(tokens, known)) : found
  const all = new Set([...seen, ...parts.indexed])
  memory.set(key, { parts: all, tokens }, (found) => isWhole(found, wanted))
  return withFewComparisons(await tokens, parts.unindexed)
}

function isWhole(tokens: KnownTokens, { of }: Wanted): boolean {
  return of.every((owner) => tokens[owner] !== undefined)
}

function joined(some: KnownTokens, others: KnownTokens): KnownTokens {
  return ofEach((owner) => {
    const [ours, theirs] = [some[owner], others[owner]]
    return ours === undefined || theirs === undefined ? undefined : usable([...ours, ...theirs])
  })
}

/** Without an index, each token is compared with each of a span's. */
function withFewComparisons(tokens: KnownTokens, unindexed: number): KnownTokens {
  return ofEach((owner) => {
    const own = tokens[owner]
    return own === undefined || own.length * unindexed > mostComparisons ? undefined : own
  })
}

function ofEach(tokensOfOwner: (owner: TokenOwner) => readonly string[] | undefined): KnownTokens {
  const tokens: { [Owner in TokenOwner]?: readonly string[] } = {}
  for (const owner of tokenOwners) {
    const own = tokensOfOwner(owner)
    if (own !== undefined) tokens[owner] = own
  }
  return tokens
}

/**
 * Parts are told by what they are not, as merges go on: one that began since, of a part with an index and one without, is looked at both ways, and none is missed.
 */
async function readTokens(
  engine: StoreEngine,
  { from, to }: TraceFilter,
  wanted: Wanted,
  { outside, indexed, unindexed }: Parts,
  seen: readonly string[],
  options: QueryOptions,
): Promise<KnownTokens> {
  const binder = new Binder(engine, 'token')
  const passes =
    'word' in wanted ? textTokenSql(wanted.word, binder) : testSql(wanted.key, wanted.test, binder)
  // One that is too long is told by an empty one, which is none. Not called `token`: conditions on that are what the index is pruned by.
  const first = (tokens: string) =>
    `SELECT DISTINCT if(length(token) > ${longestToken}, '', token) AS kept FROM ${tokens} LIMIT ${mostTokens + 1}`
  const selects = wanted.of.flatMap((owner) => {
    const { column } = tokenIndexes[owner]
    const ofIndex = `${tokensOfIndex(owner)} WHERE part_name NOT IN {read:Array(String)} AND ${passes}`
    const ofRows = `(SELECT toString(arrayJoin(${column})) AS token FROM spans
      WHERE ${timeRange} AND _part NOT IN {told:Array(String)}) WHERE ${passes}`
    return [ofIndex, ...(unindexed === 0 ? [] : [ofRows])].map(
      (source) => `SELECT '${owner}' AS owner, kept AS token FROM (${first(source)})`,
    )
  })
  const { rows } = await engine.query<{ owner: TokenOwner; token: string }>(
    selects.join(' UNION ALL '),
    {
      ...binder.parameters,
      from,
      to,
      read: [...outside, ...seen],
      told: [...outside, ...seen, ...indexed],
    },
    options,
  )
  return ofEach((owner) =>
    wanted.of.includes(owner)
      ? usable(rows.filter((row) => row.owner === owner).map(({ token }) => token))
      : undefined,
  )
}

/** Each once; undefined when there are too many, or one of them cannot be asked for. */
function usable(tokens: readonly string[]): readonly string[] | undefined {
  const found = [...new Set(tokens)]
  const isUsable =
    found.length <= mostTokens &&
    found.reduce((sum, { length }) => sum + length, 0) <= mostText &&
    // What is no text came back as another one.
    !found.some((token) => token === '' || token.includes('\ufffd'))
  return isUsable ? found : undefined
}
