/** Facets of fields that the reader chose, by the names that a query gives them; this browser remembers them. */
import { useQuery } from '@tanstack/react-query'
import { attributeKeysOptions, facetsOptions } from '../api/search.ts'
import {
  attributeName,
  equals,
  hasCondition,
  lacks,
  withCondition,
  withoutCondition,
} from '../model/query-text.ts'
import type { SearchState } from '../model/search-state.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import type { ChangeSearch } from './change-search.ts'
import { FacetValues } from './FacetValues.tsx'
import { useStored } from './use-stored.ts'

export interface AttributeFacetsProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly enabled: boolean
}

export function AttributeFacets({ state, change, enabled }: AttributeFacetsProps) {
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
