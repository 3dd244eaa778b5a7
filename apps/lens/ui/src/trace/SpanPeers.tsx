/** How long the span took beside others of its service and operation, in the hour that ends with it. Drawn by the span's panel. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { peersOptions } from '../api/queries.ts'
import { formatDuration } from '../model/duration.ts'
import { searchLink } from '../model/links.ts'
import { percentileName, standing } from '../model/standing.ts'
import type { TraceModel } from '../model/trace-model.ts'

const HOUR_MS = 3_600_000
/** Fewer have no percentiles to speak of. */
const LEAST_PEERS = 20

export function SpanPeers({ model, span }: { readonly model: TraceModel; readonly span: number }) {
  const { times } = model
  const service = model.services[model.service[span]!]!.name
  const operation = model.spans[span]!.name
  const end = Number(times.originUnixNano / 1_000_000n) + Math.ceil(times.length / 1e6) + 1
  // Spans of one trace share the range, so that equal questions are asked once.
  const range = { start: end - HOUR_MS - Math.ceil(times.length / 1e6), end }
  const { data } = useQuery({
    ...peersOptions(service, operation, range),
    enabled: service !== '' && operation !== '' && times.unusable[span] === 0,
  })
  const share = data && standing(data, times.duration[span]!)
  if (data === undefined || share === undefined || data.total < LEAST_PEERS) return undefined
  return (
    <p className="span-peers">
      <strong>{percentileName(share)}</strong> of{' '}
      <Link {...searchLink({ service, operation, ...range })}>
        {data.sample.oneIn > 1 && 'about '}
        {data.total.toLocaleString()} like it
      </Link>{' '}
      in the hour before it
      {data.percentiles && `; their median is ${formatDuration(data.percentiles.p50)}`}
    </p>
  )
}
