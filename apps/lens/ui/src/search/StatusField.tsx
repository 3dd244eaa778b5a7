/** With errors, without, or either. */
import type { FacetValue } from 'rustok-lens/contract'
import type { SearchState } from '../model/search-state.ts'
import { Icon } from '../ui/Icon.tsx'
import type { ChangeSearch } from './change-search.ts'

const STATUSES = [
  { value: undefined, label: 'Any' },
  { value: 'error', label: 'Errors' },
  { value: 'ok', label: 'OK' },
] as const

export interface StatusFieldProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly counts: readonly FacetValue[] | undefined
}

export function StatusField({ state, change, counts }: StatusFieldProps) {
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">Status</legend>
      {STATUSES.map(({ value, label }) => {
        const count = counts?.find((counted) => counted.value === value)?.count
        return (
          <label key={label}>
            <input
              type="radio"
              name="status"
              className="visually-hidden"
              checked={state.status === value}
              onChange={() => change({ status: value })}
            />
            {value === 'error' && <Icon name="error" size={13} />}
            {label}
            {count !== undefined && <span className="segments-count">{count.toLocaleString()}</span>}
          </label>
        )
      })}
    </fieldset>
  )
}
