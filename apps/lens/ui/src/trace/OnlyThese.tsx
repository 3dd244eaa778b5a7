/** Said above the waterfall while it shows some spans alone: which, how many, and the way back to all. */
import { services } from '../model/service-palette.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import './OnlyThese.css'

export interface OnlyTheseProps {
  /** Undefined for all spans of the service. */
  readonly name: string | undefined
  readonly service: string
  readonly count: number
  readonly clear: () => void
}

export function OnlyThese({ name, service, count, clear }: OnlyTheseProps) {
  return (
    <div className="only-these" role="status">
      <span className="muted">Only</span>
      <span className="service-dot" style={{ background: services.colorOf(service) }} />
      <span className="truncate">
        <Text>{name ?? service}</Text>
      </span>
      <span className="muted">
        {count.toLocaleString()} {count === 1 ? 'span' : 'spans'}
      </span>
      <button
        type="button"
        className="button quiet small icon"
        aria-label="Show all spans"
        title="Show all spans (x)"
        onClick={clear}
      >
        <Icon name="cross" size={12} />
      </button>
    </div>
  )
}
