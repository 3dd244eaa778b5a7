/**
 * What there is to narrow by, beside the results: fields with their values and counts of traces under the rest of the search. A value of a usual
 * field becomes a filter, one of an attribute a condition in the query; choosing it again takes it back.
 */
import { useQuery } from '@tanstack/react-query'
import type { FacetValue } from 'rustok-lens/contract'
import { facetsOptions } from '../api/search.ts'
import { lacks, withCondition } from '../model/query-text.ts'
import { activeFilters, type FieldProblem, type SearchState } from '../model/search-state.ts'
import { AttributeFacets } from './AttributeFacets.tsx'
import type { ChangeSearch } from './change-search.ts'
import { DurationFields } from './DurationFields.tsx'
import { FacetCombobox, type FacetField, facetMark, LISTS } from './FacetCombobox.tsx'
import { FacetValues } from './FacetValues.tsx'
import { StatusField } from './StatusField.tsx'
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

/** How many filters the panel holds, for the button that unfolds it on a narrow screen. */
export function filterCount(state: SearchState): number {
  return activeFilters(state).filter(({ name }) => name !== 'Query').length
}
