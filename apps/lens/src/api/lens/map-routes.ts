/** GET /api/lens/map, as contract/map.ts describes it. */

import type { FastifyInstance } from 'fastify'
import { withKnownTokens } from '../../query/known-tokens.ts'
import { type Counts, type MappedCall, serviceMap, type Target } from '../../query/service-map.ts'
import { clientGone } from '../client-gone.ts'
import type { MapEdge, MapNode, MapResponse } from '../contract/map.ts'
import { searchParameters } from '../search-parameters.ts'

export async function mapRoutes(app: FastifyInstance): Promise<void> {
  app.get('/map', async (request, reply): Promise<MapResponse> => {
    const { filter } = searchParameters(request.query, Date.now())
    const options = { signal: clientGone(reply) }
    const known = await withKnownTokens(request.store, filter, options)
    const { calls, services, traces, oneIn } = await serviceMap(request.store, known, options)
    const edges = edgesOf(calls)
    const ours = services.map((service) => ({ ...nodeOf(service.name), ...measured(service) }))
    const targets = calls.flatMap(({ from, to }) =>
      [from, to].filter((end) => typeof end !== 'string').map((end) => withCalls(nodeOf(end), edges)),
    )
    const nodes = new Map([...ours, ...targets].map((node) => [node.id, node]))
    return {
      nodes: [...nodes.values()].sort((a, b) => compare(a.kind, b.kind) || compare(a.name, b.name)),
      edges,
      traces,
      sample: { oneIn },
      startMs: Number(filter.from / 1_000_000n),
      endMs: Number(filter.to / 1_000_000n),
    }
  })
}

type End = Pick<MapNode, 'id' | 'kind' | 'name' | 'attribute'>

function nodeOf(end: string | Target): End {
  if (typeof end === 'string') return { id: `service:${end}`, kind: 'service', name: end, attribute: null }
  const { kind, name, key, value } = end
  return { id: `${kind}:${name}`, kind, name, attribute: { key, value } }
}

function measured({ calls, failed, p95 }: Counts): Omit<MapNode, keyof End> {
  return { calls, failed, p95DurationNano: calls === 0 ? null : p95 }
}

function withCalls(node: End, edges: readonly MapEdge[]): MapNode {
  const towards = edges.filter(({ to }) => to === node.id)
  const most = towards.toSorted((a, b) => b.calls - a.calls)[0]
  const sum = (of: 'calls' | 'failed') => towards.reduce((total, edge) => total + edge[of], 0)
  return {
    ...node,
    ...measured({ calls: sum('calls'), failed: sum('failed'), p50: 0, p95: most?.p95DurationNano ?? 0 }),
  }
}

/** A target that is named by an older and a newer attribute is one node. */
function edgesOf(calls: readonly MappedCall[]): MapEdge[] {
  const edges = new Map<string, MapEdge>()
  for (const { from, to, calls: count, failed, p50, p95 } of calls) {
    const ends = { from: nodeOf(from).id, to: nodeOf(to).id }
    const key = JSON.stringify(ends)
    const known = edges.get(key)
    const isMore = known === undefined || count > known.calls
    edges.set(key, {
      ...ends,
      calls: count + (known?.calls ?? 0),
      failed: failed + (known?.failed ?? 0),
      p50DurationNano: isMore ? p50 : known.p50DurationNano,
      p95DurationNano: isMore ? p95 : known.p95DurationNano,
    })
  }
  return [...edges.values()].sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
