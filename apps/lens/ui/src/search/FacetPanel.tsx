/**
 * What there is to narrow by, beside the results: fields with their values and counts of traces under the rest of the search. A value of a usual
 * field becomes a filter, one of an attribute a condition in the query; choosing it again takes it back.
 */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { FacetValue } from 'rustok-lens/contract'
import { attributeKeysOptions, facetsOptions } from '../api/search.ts'
import {
  attributeName,
  equals,
  hasCondition,
  lacks,
  withCondition,
  withoutCondition,
} from '../model/query-text.ts'
import { activeFilters, type FieldProblem, type SearchState } from '../model/search-state.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import { DurationFields } from './DurationFields.tsx'
import { FacetCombobox, type FacetField, facetMark, LISTS } from './FacetCombobox.tsx'
import type { ChangeSearch } from './SearchPage.tsx'
import { StatusField } from './StatusField.tsx'
import { useStored } from './use-stored.ts'
import './FacetPanel.css'

export interface FacetPanelProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly problems: readonly FieldProblem[]
  readonly enabled: boolean
  /** On a narrow screen, which shows it on demand. */
  readonly unfolded: boolean
}

const FIELDS: readonly { readonly field: FacetField; readonly label: string }[] = [
  { field: 'tenant', label: 'Tenant' },
  { field: 'service', label: 'Service' },
  { field: 'operation', label: 'Operation' },
  { field: 'user', label: 'User' },
]
const QUERY_NAMES = { tenant: 'tenant', service: 'service', operation: 'name', user: 'user' } as const
const MOST_SHOWN = 6

export function FacetPanel({ state, change, problems, enabled, unfolded }: FacetPanelProps) {
  const facets = useQuery({ ...facetsOptions(state), enabled })
  const values = (field: FacetField) => facets.data?.[LISTS[field]] ?? []
  return (
    <aside
      className="facet-panel"
      id="search-filters"
      aria-label="Filters"
      aria-busy={facets.isPlaceholderData}
      data-unfolded={unfolded}
    >
      <a className="facet-skip" href="#search-results">
        Skip to the traces
      </a>
      {FIELDS.slice(0, 2).map(({ field, label }) => (
        <UsualFacet key={field} {...{ field, label, state, change }} values={values(field)} />
      ))}
      <StatusField state={state} change={change} counts={facets.data?.statuses} />
      <DurationFields state={state} change={change} problems={problems} />
      {FIELDS.slice(2).map(({ field, label }) => (
        <UsualFacet key={field} {...{ field, label, state, change }} values={values(field)} />
      ))}
      {/* After the counts: the store looks at all attributes for them. */}
      <AttributeFacets state={state} change={change} enabled={enabled && facets.data !== undefined} />
      {(facets.data?.sample.oneIn ?? 1) > 1 && (
        <p className="facet-note">
          Counts are estimated from every {facets.data!.sample.oneIn.toLocaleString()}th trace.
        </p>
      )}
      {facets.isError && enabled && <p className="facet-note">Counts could not be loaded.</p>}
    </aside>
  )
}

interface UsualFacetProps {
  readonly field: FacetField
  readonly label: string
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly values: readonly FacetValue[]
}

function UsualFacet({ field, label, state, change, values }: UsualFacetProps) {
  return (
    <div className="facet">
      <FacetCombobox field={field} label={label} state={state} change={change} />
      <FacetValues
        label={label}
        values={values}
        isChosen={(value) => state[field] === value}
        toggle={(value) => change({ [field]: state[field] === value ? undefined : value })}
        exclude={(value) => {
          const query = withCondition(state.query, lacks(QUERY_NAMES[field], value))
          change({ query, ...(state[field] === value ? { [field]: undefined } : {}) })
        }}
        mark={(value) => facetMark(field, value)}
      />
    </div>
  )
}

interface FacetValuesProps {
  readonly label: string
  readonly values: readonly FacetValue[]
  readonly isChosen: (value: string) => boolean
  readonly toggle: (value: string) => void
  readonly exclude: (value: string) => void
  readonly mark?: (value: string) => ReactNode
}

function FacetValues({ label, values, isChosen, toggle, exclude, mark }: FacetValuesProps) {
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? values : values.slice(0, MOST_SHOWN)
  if (shown.length === 0) return undefined
  const most = Math.max(1, ...shown.map(({ count }) => count))
  return (
    <ul className="facet-values" aria-label={`${label}, by count`}>
      {shown.map(({ value, count }) => (
        <li key={value}>
          <button
            type="button"
            aria-pressed={isChosen(value)}
            title={value.length > 24 ? value.slice(0, 300) : undefined}
            onClick={() => toggle(value)}
          >
            <i style={{ width: `${(count / most) * 100}%` }} />
            {mark?.(value)}
            <span className="truncate">
              <Text>{value}</Text>
            </span>
            <span className="facet-count">{count.toLocaleString()}</span>
          </button>
          <button
            type="button"
            className="facet-exclude"
            aria-label={`Exclude ${value.slice(0, 80)}`}
            title="Traces without it"
            onClick={() => exclude(value)}
          >
            <Icon name="exclude" size={12} />
          </button>
        </li>
      ))}
      {values.length > MOST_SHOWN && (
        <li>
          <button
            type="button"
            className="facet-more"
            aria-expanded={isWhole}
            onClick={() => setWhole(!isWhole)}
          >
            {isWhole ? 'Fewer' : `${values.length - MOST_SHOWN} more`}
          </button>
        </li>
      )}
    </ul>
  )
}

/** Fields that the reader wants to see, by the names that a query gives them; this browser remembers them. */
function AttributeFacets({ state, change, enabled }: Pick<FacetPanelProps, 'state' | 'change' | 'enabled'>) {
  const [stored, store] = useStored('lens.facets')
  const chosen = readFields(stored)
  const keys = useQuery({ ...attributeKeysOptions(state, ''), enabled })
  const facets = useQuery({ ...facetsOptions(state, chosen), enabled: enabled && chosen.length > 0 })
  const names = [
    ...new Set(['kind', ...(keys.data?.keys ?? []).map(({ of, key }) => attributeName(of, key))]),
  ].filter((name) => !chosen.includes(name) && !name.includes(',') && name.length <= 200)
  const show = (fields: readonly string[]) => store(JSON.stringify(fields))
  const toggle = (name: string, value: string) => {
    const condition = equals(name, value)
    const isThere = hasCondition(state.query, condition)
    change({
      query: isThere ? withoutCondition(state.query, condition) : withCondition(state.query, condition),
    })
  }
  return (
    <>
      {chosen.map((name) => {
        const values = facets.data?.fields.find(({ field }) => field === name)?.values ?? []
        return (
          <div key={name} className="facet">
            <div className="facet-title">
              <h2 className="truncate" title={name}>
                <Text>{name}</Text>
              </h2>
              <button
                type="button"
                className="combo-clear"
                aria-label={`Hide ${name}`}
                onClick={() => show(chosen.filter((one) => one !== name))}
              >
                <Icon name="cross" size={11} />
              </button>
            </div>
            {values.length === 0 && (
              <p className="facet-note">
                {facets.isPending ? 'Loading…' : facets.isError ? facets.error.message : 'No value here'}
              </p>
            )}
            <FacetValues
              label={name}
              values={values}
              isChosen={(value) => hasCondition(state.query, equals(name, value))}
              toggle={(value) => toggle(name, value)}
              exclude={(value) => change({ query: withCondition(state.query, lacks(name, value)) })}
            />
          </div>
        )
      })}
      {chosen.length < MOST_FIELDS && (
        <select
          className="field facet-add"
          aria-label="Count by another field"
          value=""
          onChange={(event) => show([...chosen, event.target.value])}
        >
          <option value="" disabled>
            Count by another field…
          </option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </>
  )
}

/** Each is a pass of the store over all attributes. */
const MOST_FIELDS = 4

function readFields(text: string | null): readonly string[] {
  try {
    const fields: unknown = JSON.parse(text ?? '[]')
    if (!Array.isArray(fields)) return []
    return fields.filter((field): field is string => typeof field === 'string').slice(0, MOST_FIELDS)
  } catch {
    return []
  }
}

/** How many filters the panel holds, for the button that unfolds it on a narrow screen. */
export function filterCount(state: SearchState): number {
  return activeFilters(state).filter(({ name }) => name !== 'Query').length
}
