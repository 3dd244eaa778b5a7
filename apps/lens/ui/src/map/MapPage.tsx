/** Which service calls which, how often, and how often that fails, with the traces of each call; and how each service does. Busiest first. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { DependenciesResponse } from 'rustok-lens/contract'
import { dependenciesOptions } from '../api/statistics.ts'
import { formatCount, formatRate, formatShare } from '../model/amounts.ts'
import { formatDuration } from '../model/duration.ts'
import { searchLink } from '../model/links.ts'
import { equals } from '../model/query-text.ts'
import { CALLS, failedOf, narrowed, slowOf } from '../model/scope.ts'
import { rangeInWords, type SearchState } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { timeScope } from '../model/time-scope.ts'
import { Notice } from '../search/Notice.tsx'
import { Failed } from '../ui/Failed.tsx'
import { PageHead } from '../ui/PageHead.tsx'
import { Text } from '../ui/Text.tsx'
import { usePageTitle } from '../ui/use-page-title.ts'
import '../ui/StatTable.css'
import './MapPage.css'

export function MapPage({ state }: { readonly state: SearchState }) {
  usePageTitle('Map')
  const { tenant } = state
  const { data, error, refetch } = useQuery(dependenciesOptions(state, tenant))
  return (
    <div className="page">
      <PageHead title="Map" time={state}>
        <p>
          Which service calls which, in {rangeInWords(state)}
          {tenant !== undefined && (
            <>
              , of tenant <Text>{tenant}</Text>
            </>
          )}
          {data?.complete === false && '. The newest calls are being counted'}
        </p>
      </PageHead>
      {error !== null && (
        <Failed title="The map could not be loaded" error={error} again={() => void refetch()} />
      )}
      {data?.nodes.length === 0 && (
        <Notice icon="search" title={`No calls in ${rangeInWords(state)}`}>
          <p>Choose a longer time, or look at home whether anything is sent.</p>
        </Notice>
      )}
      {data !== undefined && data.nodes.length > 0 && <Tables data={data} state={state} />}
    </div>
  )
}

interface TablesProps {
  readonly data: DependenciesResponse
  readonly state: SearchState
}

function Tables({ data, state }: TablesProps) {
  const scope = {
    ...(state.tenant === undefined ? {} : { tenant: state.tenant }),
    ...timeScope({ ...state }),
  }
  const minutes = (data.endMs - data.startMs + 1) / 60_000
  const edges = data.edges.toSorted((a, b) => b.calls - a.calls)
  const nodes = data.nodes.toSorted((a, b) => b.calls - a.calls)
  return (
    <div className="map-columns">
      <section>
        <h2>Calls between services</h2>
        {edges.length === 0 ? (
          <p className="muted">None yet: no span has a parent in another service.</p>
        ) : (
          <table className="stat-table map-calls" aria-label="Calls between services">
            <thead>
              <tr>
                <th scope="col">Caller and called</th>
                <th scope="col">Calls</th>
                <th scope="col">Failed</th>
              </tr>
            </thead>
            <tbody>
              {edges.map(({ parent, child, calls, failed }) => {
                const search = {
                  ...scope,
                  query: `{ ${equals('service', parent)} } and { ${equals('service', child)} }`,
                }
                return (
                  <tr key={`${parent}\n${child}`}>
                    <th scope="row">
                      <Link {...searchLink(search)} className="map-edge">
                        <Service name={parent} /> <span className="visually-hidden">calls</span>
                        <span aria-hidden="true">→</span> <Service name={child} />
                      </Link>
                    </th>
                    <td title={`${formatCount(calls)} in all`}>{formatRate(calls / minutes)}</td>
                    <td data-failed={failed > 0}>{formatShare(failed / calls)}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
      </section>
      <section>
        <h2>Services</h2>
        <table className="stat-table" aria-label="Services">
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Calls</th>
              <th scope="col">Failed</th>
              <th scope="col" title="95 % take at most so long">
                p95
              </th>
            </tr>
          </thead>
          <tbody>
            {nodes.map(({ service, calls, failedShare, p95DurationNano }) => {
              const all = { ...scope, service }
              const counted = { ...all, ...narrowed({}, CALLS) }
              return (
                <tr key={service}>
                  <th scope="row">
                    <Link {...searchLink(all)} className="map-edge">
                      <Service name={service} />
                    </Link>
                  </th>
                  <td>
                    <Link {...searchLink(all)}>{formatRate(calls / minutes)}</Link>
                  </td>
                  <td>
                    <Link {...searchLink(failedOf(counted))}>{formatShare(failedShare)}</Link>
                  </td>
                  <td>
                    {p95DurationNano === null ? (
                      <span className="muted">–</span>
                    ) : (
                      <Link {...searchLink(slowOf(counted, p95DurationNano))}>
                        {formatDuration(p95DurationNano)}
                      </Link>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
    </div>
  )
}

function Service({ name }: { readonly name: string }) {
  return (
    <span className="map-service">
      <span className="service-dot" style={{ background: services.colorOf(name) }} />
      <span className="truncate">
        <Text>{name}</Text>
      </span>
    </span>
  )
}
