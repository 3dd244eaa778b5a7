/** A trace, handed on: by the trace's header. The link and the id are beside it. */
import { useQuery } from '@tanstack/react-query'
import { fetchJson } from '../api/client.ts'
import { sessionOptions } from '../api/session.ts'
import { curlCommand } from '../model/copied.ts'
import { CopyAs } from './CopyAs.tsx'
import { Icon } from './Icon.tsx'

export interface CopyTraceProps {
  readonly traceId: string
  readonly spans: number
}

/** More than these are some 5 MB of text: for a file, not for a clipboard. */
const MOST_COPIED = 5000

export function CopyTrace({ traceId, spans }: CopyTraceProps) {
  const login = useQuery(sessionOptions).data?.who?.login === true
  const otlp = `/api/lens/traces/${traceId}/otlp`
  const ways = [
    {
      name: 'curl',
      what: `Downloads the trace as OTLP${login ? '; takes a token from $LENS_TOKEN' : ''}`,
      text: () => curlCommand(location.origin + otlp, { login }),
    },
    ...(spans > MOST_COPIED
      ? []
      : [
          {
            name: 'JSON',
            what: 'All that was sent, as OTLP',
            text: async () => JSON.stringify(await fetchJson(otlp, AbortSignal.timeout(30_000)), null, 2),
          },
        ]),
  ]
  return (
    <CopyAs ways={ways}>
      <li>
        <a className="button quiet small" href={otlp} download>
          <Icon name="braces" />
          OTLP file
        </a>
        <span className="muted">To keep, or to drop into any Lens</span>
      </li>
      <li>
        <a className="button quiet small" href={`/api/traces/${traceId}`} target="_blank" rel="noreferrer">
          <Icon name="external" />
          Jaeger JSON
        </a>
        <span className="muted">As Jaeger's API answers, in a tab of its own</span>
      </li>
    </CopyAs>
  )
}
