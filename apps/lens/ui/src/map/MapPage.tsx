/**
 * What the traces of a search went through: services, databases, queues and hosts, with rate, errors and durations of the calls between them; the same
 * as a drawing and as tables.
 */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { MapResponse } from 'rustok-lens/contract'
import { mapOptions } from '../api/map.ts'
import { formatCount } from '../model/amounts.ts'
import { mapLink, searchLink } from '../model/links.ts'
import { groupAlike } from '../model/map-groups.ts'
import { rangeInWords, type SearchState, withFields } from '../model/search-state.ts'
import { ActiveFilters } from '../search/ActiveFilters.tsx'
import { Notice } from '../search/Notice.tsx'
import { Failed } from '../ui/Failed.tsx'
import { PageHead } from '../ui/PageHead.tsx'
import { usePageTitle } from '../ui/use-page-title.ts'
import { GroupPanel } from './GroupPanel.tsx'
import { MapDrawing } from './MapDrawing.tsx'
import { MapTables } from './MapTables.tsx'
import { NodePanel } from './NodePanel.tsx'
import './MapPage.css'

export function MapPage({ state }: { readonly state: SearchState }) {
  usePageTitle('Map')
  const navigate = useNavigate()
  const { data, error, refetch, isPlaceholderData } = useQuery(mapOptions(state))
  return (
    <div className="page map-page">
      <PageHead title="Map" time={state}>
        <p>
          {data === undefined ? `What calls what, in ${rangeInWords(state)}` : <About data={data} />}{' '}
          <Link {...searchLink(state)}>Its traces</Link>
        </p>
      </PageHead>
      <ActiveFilters state={state} change={(fields) => void navigate(mapLink(withFields(state, fields)))} />
      {error !== null && (
        <Failed title="The map could not be loaded" error={error} again={() => void refetch()} />
      )}
      {data === undefined && error === null && (
        <p className="muted" role="status">
          Looking at the traces…
        </p>
      )}
      {data?.nodes.length === 0 && (
        <Notice icon="search" title={`No traces in ${rangeInWords(state)}`}>
          <p>Choose a longer time, take a filter back, or look at home whether anything is sent.</p>
        </Notice>
      )}
      {data !== undefined && data.nodes.length > 0 && (
        <div aria-busy={isPlaceholderData}>
          <Everything data={data} state={state} />
        </div>
      )}
    </div>
  )
}

function About({ data: { traces, sample } }: { readonly data: MapResponse }) {
  if (sample.oneIn === 1) return `Drawn from ${traces.toLocaleString()} traces.`
  return `Drawn from ${traces.toLocaleString()} traces, one in ${sample.oneIn.toLocaleString()} of about ${formatCount(traces * sample.oneIn)}; rates are of all.`
}

interface EverythingProps {
  readonly data: MapResponse
  readonly state: SearchState
}

function Everything({ data, state }: EverythingProps) {
  const [chosen, choose] = useState<string>()
  const [apart, setApart] = useState<ReadonlySet<string>>(new Set())
  const nodes = useMemo(() => new Map(data.nodes.map((node) => [node.id, node])), [data])
  const drawn = useMemo(() => groupAlike(data, apart), [data, apart])
  const minutes = (data.endMs - data.startMs + 1) / 60_000
  const perMinute = data.sample.oneIn / minutes
  const node = chosen === undefined ? undefined : nodes.get(chosen)
  const group = drawn.nodes.find(({ id }) => id === chosen && drawn.groups.has(id))
  return (
    <>
      <div className="map-main" data-open={(node ?? group) !== undefined}>
        <MapDrawing
          drawn={drawn}
          perMinute={perMinute}
          chosen={node === undefined ? group?.id : (drawn.groupOf.get(node.id) ?? node.id)}
          choose={choose}
          putTogether={apart.size === 0 ? undefined : () => setApart(new Set())}
        />
        {group !== undefined && (
          <GroupPanel
            group={group}
            members={drawn.groups.get(group.id)!}
            perMinute={perMinute}
            state={state}
            choose={choose}
            takeApart={() => {
              setApart(new Set([...apart, group.id]))
              choose(undefined)
            }}
          />
        )}
        {node !== undefined && (
          <NodePanel
            node={node}
            nodes={nodes}
            edges={data.edges}
            perMinute={perMinute}
            state={state}
            choose={choose}
          />
        )}
      </div>
      <MapTables data={data} nodes={nodes} perMinute={perMinute} state={state} />
    </>
  )
}
