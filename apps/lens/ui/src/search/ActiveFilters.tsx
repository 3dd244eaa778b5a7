/** What narrows the search, each part removable: nobody should wonder why the list is short. */
import { activeFilters, describeRange, type SearchState } from '../model/search-state.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import type { ChangeSearch } from './change-search.ts'
import './ActiveFilters.css'

export function ActiveFilters({
  state,
  change,
}: {
  readonly state: SearchState
  readonly change: ChangeSearch
}) {
  // The query stands in its field, which clears it too.
  const filters = activeFilters(state).filter(({ name }) => name !== 'Query')
  const custom = state.start !== undefined
  if (filters.length === 0 && !custom) return undefined
  const chips = filters.map((filter) => ({
    ...filter,
    remove: () => change(Object.fromEntries(filter.fields.map((field) => [field, undefined]))),
  }))
  return (
    <div className="active-filters">
      <ul aria-label="Active filters">
        {chips.map(({ name, value, remove }) => (
          <Chip key={name} name={name} value={value} remove={remove} />
        ))}
        {custom && (
          <Chip
            name="Time"
            value={describeRange(state, Date.now())}
            remove={() => change({ start: undefined, end: undefined })}
          />
        )}
      </ul>
      <button
        type="button"
        className="button quiet small"
        onClick={() =>
          change({
            ...Object.fromEntries(filters.flatMap(({ fields }) => fields.map((field) => [field, undefined]))),
            query: undefined,
            start: undefined,
            end: undefined,
          })
        }
      >
        Clear all
      </button>
    </div>
  )
}

interface ChipProps {
  readonly name: string
  readonly value: string
  readonly remove: () => void
}

function Chip({ name, value, remove }: ChipProps) {
  return (
    <li className="filter-chip">
      <span className="muted">{name}</span>
      <span className="truncate">
        <Text>{value}</Text>
      </span>
      <button type="button" aria-label={`Remove ${name.toLowerCase()} filter`} onClick={remove}>
        <Icon name="cross" size={11} />
      </button>
    </li>
  )
}
