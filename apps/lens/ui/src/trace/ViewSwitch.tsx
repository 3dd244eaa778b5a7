/** Which picture of the trace: over time by rows, over time by lanes, or summed up. In the address, and by the keys w, f and t. */
import { TRACE_VIEWS, type TraceViewName } from '../model/trace-state.ts'
import './ViewSwitch.css'

const LABELS: Readonly<Record<TraceViewName, { readonly label: string; readonly key: string }>> = {
  waterfall: { label: 'Waterfall', key: 'w' },
  flame: { label: 'Flame', key: 'f' },
  table: { label: 'Table', key: 't' },
}

export interface ViewSwitchProps {
  readonly view: TraceViewName
  readonly show: (view: TraceViewName) => void
}

export function ViewSwitch({ view, show }: ViewSwitchProps) {
  return (
    <fieldset className="view-switch">
      <legend className="visually-hidden">View of the trace</legend>
      {TRACE_VIEWS.map((name) => (
        <label key={name} title={`${LABELS[name].label} (${LABELS[name].key})`}>
          <input type="radio" name="trace-view" checked={name === view} onChange={() => show(name)} />
          <span>{LABELS[name].label}</span>
        </label>
      ))}
    </fieldset>
  )
}
