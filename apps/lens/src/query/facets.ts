/** How many matching traces there are for each value of a field: the numbers beside the values in the search form. */

import type { FacetField, FacetsResponse } from '../api/contract.ts'
import type { QueryOptions, QueryParameters, StoreEngine } from '../store/engine.ts'
import { attributeValuesSql } from './attribute-sql.ts'
import { Binder } from './binder.ts'
import { type FilterField, filterSql, type TraceFilter } from './filter.ts'
import { kinds } from './language/fields.ts'
import type { Field } from './language/parse-field.ts'
import { chooseSample, sampleSql } from './sample.ts'

/** A list that a person can still read; what is beyond it is said to be. */
const mostValues = 100

export type FacetName = 'tenant' | 'service' | 'operation' | 'user' | 'status' | 'kind'
/** What is counted: a column by its name, or an attribute as `name` names it. */
export type Facet =
  | { readonly name: FacetName }
  | { readonly name: string; readonly attribute: AttributeField }
type AttributeField = Extract<Field, { type: 'attribute' }>

export const usualFacets: readonly { readonly name: FacetName }[] = [
  { name: 'tenant' },
  { name: 'service' },
  { name: 'operation' },
  { name: 'user' },
  { name: 'status' },
  { name: 'kind' },
]

const columns: Readonly<Partial<Record<string, string>>> = {
  tenant: 'tenant',
  service: 'service',
  operation: 'name',
  user: 'user',
  // As in the views, a number that OTLP does not know is its first.
  kind: 'if(kind > 0 AND kind < 6, kind, 0)',
}

export async function facets(
  engine: StoreEngine,
  filter: TraceFilter,
  asked: readonly Facet[] = usualFacets,
  options?: QueryOptions,
): Promise<FacetsResponse> {
  const oneIn = await chooseSample(engine, filter, options)
  const count = new FacetCount(engine, filter, oneIn, options)
  const fields = await count.all(asked)
  const values = (name: FacetName) => fields.find(({ field }) => field === name)?.values ?? []
  return {
    tenants: values('tenant'),
    services: values('service'),
    operations: values('operation'),
    users: values('user'),
    statuses: values('status'),
    kinds: values('kind'),
    fields,
    truncated: lists.flatMap(([list, name]) =>
      fields.some(({ field, truncated }) => field === name && truncated) ? [list] : [],
    ),
    sample: { oneIn },
  }
}

const lists = [
  ['tenants', 'tenant'],
  ['services', 'service'],
  ['operations', 'operation'],
  ['users', 'user'],
] as const

class FacetCount {
  readonly #oneIn: number
  readonly #engine: StoreEngine
  readonly #filter: TraceFilter
  readonly #options: QueryOptions | undefined

  constructor(engine: StoreEngine, filter: TraceFilter, oneIn: number, options: QueryOptions | undefined) {
    this.#engine = engine
    this.#filter = filter
    this.#oneIn = oneIn
    this.#options = options
  }

  /** In their order. */
  async all(asked: readonly Facet[]): Promise<FacetField[]> {
    const together = asked.filter((facet) => this.#canShare(facet))
    const alone = asked.filter((facet) => !together.includes(facet))
    const counted = await Promise.all([
      this.#countTogether(together),
      ...alone.map(async (facet) => [await this.#countAlone(facet)]),
    ])
    const fields = counted.flat()
    return asked.flatMap(({ name }) => fields.find(({ field }) => field === name) ?? [])
  }

  /** Columns that the filter says nothing of are counted in one pass. */
  #canShare(facet: Facet): boolean {
    if ('attribute' in facet || facet.name === 'status') return false
    return (
      filterSql(this.#filter, this.#engine).having === '' &&
      this.#filter[facet.name as FilterField] === undefined
    )
  }

  async #countTogether(asked: readonly Facet[]): Promise<FacetField[]> {
    if (asked.length === 0) return []
    const { where, parameters } = filterSql(this.#filter, this.#engine)
    const names = asked.map((_, index) => `value${index}`)
    const values = asked.map(({ name }, index) => `${columns[name]} AS value${index}`)
    const rows = await this.#rows<Record<string, string> & { traces: string }>(
      `SELECT ${names.join(', ')}, ${names.map((name) => `grouping(${name}) AS not_${name}`).join(', ')},
         uniqExact(id) AS traces
       FROM (SELECT ${values.join(', ')}, cityHash64(trace_id) AS id FROM spans WHERE ${where}${sampleSql(this.#oneIn)})
       GROUP BY GROUPING SETS (${names.map((name) => `(${name})`).join(', ')})
       ORDER BY traces DESC, ${names.join(', ')}
       LIMIT {limit:UInt32} BY ${names.map((name) => `not_${name}`).join(', ')}`,
      // One for the empty value, which is none, and one to tell that there are more.
      { ...parameters, limit: mostValues + 2 },
    )
    return asked.map(({ name }, index) => {
      const own = rows.filter((row) => row[`not_value${index}`] === '0')
      const values = own.map((row) => ({ value: String(row[`value${index}`]), traces: row.traces }))
      return facetField(name, values, this.#oneIn)
    })
  }

  async #countAlone(facet: Facet): Promise<FacetField> {
    const oneIn = await this.#sampleWithout(facet)
    if (facet.name === 'status' && !('attribute' in facet)) return this.#countStatuses(oneIn)
    const { where, having, parameters } = filterSql(this.#filter, this.#engine, facet.name as FilterField)
    const binder = new Binder(this.#engine, 'facet')
    const values =
      'attribute' in facet
        ? attributeValuesSql(facet.attribute.of, facet.attribute.key, binder)
        : `[toString(${columns[facet.name]})]`
    const spans = `SELECT arrayJoin(${values}) AS value, cityHash64(trace_id) AS id, duration, status
      FROM spans WHERE ${where}${sampleSql(oneIn)}`
    const counts =
      having === ''
        ? `SELECT value, uniqExact(id) AS traces FROM (${spans}) GROUP BY value`
        : `SELECT value, count() AS traces FROM (
             SELECT value, max(duration) AS longest, max(status = 2) AS failed FROM (${spans})
             GROUP BY value, id HAVING ${having}
           ) GROUP BY value`
    const rows = await this.#rows<ValueRow>(`${counts} ORDER BY traces DESC, value LIMIT {limit:UInt32}`, {
      ...parameters,
      ...binder.parameters,
      limit: mostValues + 2,
    })
    return facetField(facet.name, rows, oneIn)
  }

  /** Without its own condition, a field may be of many more traces. */
  async #sampleWithout({ name }: Facet): Promise<number> {
    if (this.#filter[name as FilterField] === undefined) return this.#oneIn
    return chooseSample(this.#engine, { ...this.#filter, [name]: undefined }, this.#options)
  }

  async #countStatuses(oneIn: number): Promise<FacetField> {
    const { where, having, parameters } = filterSql(this.#filter, this.#engine, 'status')
    const rows = await this.#rows<ValueRow>(
      `SELECT if(failed, 'error', 'ok') AS value, count() AS traces FROM (
         SELECT max(duration) AS longest, max(status = 2) AS failed FROM spans
         WHERE ${where}${sampleSql(oneIn)} GROUP BY trace_id ${having === '' ? '' : `HAVING ${having}`}
       ) GROUP BY value ORDER BY traces DESC, value`,
      parameters,
    )
    return facetField('status', rows, oneIn)
  }

  async #rows<Row>(statement: string, parameters: QueryParameters): Promise<readonly Row[]> {
    return (await this.#engine.query<Row>(statement, parameters, this.#options)).rows
  }
}

function facetField(field: string, rows: readonly ValueRow[], oneIn: number): FacetField {
  const values = rows
    .filter(({ value }) => value !== '')
    .map(({ value, traces }) => ({
      value: field === 'kind' ? (kinds[Number(value)] ?? kinds[0]) : value,
      count: Number(traces) * oneIn,
    }))
  return {
    field,
    values: values.slice(0, mostValues),
    truncated: values.length > mostValues,
    sample: { oneIn },
  }
}

interface ValueRow {
  readonly value: string
  readonly traces: string
}
