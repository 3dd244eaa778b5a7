/** What is odd about the trace, said once, above it, with the way to the first span that it is about. */
import { useState } from 'react'
import type { TraceWarning } from '../model/trace-warnings.ts'
import { Icon } from '../ui/Icon.tsx'
import './TraceWarnings.css'

export interface TraceWarningsProps {
  readonly warnings: readonly TraceWarning[]
  readonly select: (span: number) => void
  /** Whether times are moved so that clocks agree. */
  readonly isAligned: boolean
  readonly alignClocks: (align: boolean) => void
}

const AT_FIRST = 2

export function TraceWarnings({ warnings, select, isAligned, alignClocks }: TraceWarningsProps) {
  const [all, setAll] = useState(false)
  if (warnings.length === 0) return undefined
  const shown = all ? warnings : warnings.slice(0, AT_FIRST)
  return (
    <section className="trace-warnings" aria-label="Warnings">
      <Icon name="warning" />
      <ul>
        {shown.map(({ kind, message, spans }) => (
          <li key={kind}>
            <bdi>{message}</bdi>{' '}
            <button type="button" onClick={() => select(spans[0]!)}>
              Show
            </button>
            {kind === 'skew' && (
              <button
                type="button"
                title={
                  isAligned ? 'Times as they were reported (a)' : 'Move times to where the calls fit (a)'
                }
                onClick={() => alignClocks(!isAligned)}
              >
                {isAligned ? 'As reported' : 'Align clocks'}
              </button>
            )}
          </li>
        ))}
      </ul>
      {warnings.length > AT_FIRST && (
        <button
          type="button"
          className="trace-warnings-more"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          {all ? 'Fewer' : `${warnings.length - AT_FIRST} more`}
        </button>
      )}
    </section>
  )
}
