/** The first few traces of a search, in short, and the way to the rest. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { TraceSummary } from 'rustok-lens/contract'
import { fewTracesOptions } from '../api/statistics.ts'
import { formatDuration } from '../model/duration.ts'
import { searchLink, traceLink } from '../model/links.ts'
import type { SearchState } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { formatAgo, formatUtc, unixMillis } from '../model/time.ts'
import { Failed } from '../ui/Failed.tsx'
import { Icon } from '../ui/Icon.tsx'
import { TenantMark } from '../ui/TenantMark.tsx'
import { Text } from '../ui/Text.tsx'
import { useNow } from '../ui/use-now.ts'
import './FewTraces.css'

const FEW = 6

export interface FewTracesProps {
  readonly title: string
  /** Said when there is none. */
  readonly none: string
  readonly search: SearchState
  /** Who asked: whichever the page is not about. Default `tenant`. */
  readonly by?: 'tenant' | 'user'
  /** False while what stands above is not there: the store has two hands, and this takes longest. Default true. */
  readonly isDue?: boolean
}

export function FewTraces({ title, none, search, by = 'tenant', isDue = true }: FewTracesProps) {
  const now = useNow(10_000)
  const { data, error, refetch } = useQuery({ ...fewTracesOptions(search, FEW), enabled: isDue })
  return (
    <section aria-label={title}>
      <div className="section-head">
        <h2>{title}</h2>
        {data !== undefined && data.total > 0 && (
          <Link {...searchLink(search)}>
            All {data.totalIsExact ? '' : 'at least '}
            {data.total.toLocaleString()}
          </Link>
        )}
      </div>
      {error !== null && (
        <Failed title={`${title} could not be loaded`} error={error} again={() => void refetch()} />
      )}
      {data?.traces.length === 0 && <p className="muted">{none}</p>}
      <ol className="few-traces">
        {data?.traces.map((trace) => (
          <Brief key={trace.traceId} trace={trace} by={by} now={now} />
        ))}
      </ol>
    </section>
  )
}

interface BriefProps {
  readonly trace: TraceSummary
  readonly by: 'tenant' | 'user'
  readonly now: number
}

function Brief({ trace, by, now }: BriefProps) {
  const [who] = by === 'tenant' ? trace.tenants : trace.users
  const at = unixMillis(trace.startUnixNano)
  const name = trace.operation === '' ? trace.rootName : trace.operation
  return (
    <li>
      <span className="service-dot" style={{ background: services.colorOf(trace.rootService) }} />
      <span className="few-traces-name">
        <Link
          {...traceLink(trace.traceId)}
          className="truncate"
          title={`${trace.rootService}: ${name}`.slice(0, 300)}
        >
          <Text>{name}</Text>
        </Link>
        {trace.errorCount > 0 && (
          <span className="few-traces-failed">
            <Icon name="error" size={12} />
            <span className="visually-hidden">with errors</span>
          </span>
        )}
      </span>
      <span className="few-traces-tenant truncate">
        {who !== undefined && (
          <>
            {by === 'tenant' && <TenantMark tenant={who} size={13} />}
            <span className="truncate">
              <Text>{who}</Text>
            </span>
          </>
        )}
      </span>
      <span>{formatDuration(trace.durationNano)}</span>
      <time className="muted" title={formatUtc(at)}>
        {formatAgo(at, now)}
      </time>
    </li>
  )
}
