/** The values of a field with their counts, most frequent first: each can be chosen, chosen no more, or excluded. */
import { type ReactNode, useState } from 'react'
import type { FacetValue } from 'rustok-lens/contract'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'

const MOST_SHOWN = 6

export interface FacetValuesProps {
  readonly label: string
  readonly values: readonly FacetValue[]
  readonly isChosen: (value: string) => boolean
  readonly toggle: (value: string) => void
  readonly exclude: (value: string) => void
  readonly mark?: (value: string) => ReactNode
}

export function FacetValues({ label, values, isChosen, toggle, exclude, mark }: FacetValuesProps) {
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
