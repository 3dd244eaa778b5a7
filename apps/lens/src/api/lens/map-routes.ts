/** GET /api/lens/map, as contract/map.ts describes it. */

import type { FastifyInstance } from 'fastify'
import { type MappedCall, serviceMap, type Target } from '../../query/service-map.ts'
import { clientGone } from '../client-gone.ts'
import type { MapEdge, MapNode, MapResponse } from '../contract/map.ts'
import { searchParameters } from '../search-parameters.ts'

export async function mapRoutes(app: FastifyInstance): Promise<void> {
  app.get('/map', async (request, reply): Promise<MapResponse> => {
    const { filter } = searchParameters(request.query, Date.now())
    const { calls, services, traces, oneIn } = await serviceMap(request.store, filter, {
      signal: clientGone(reply),
    })
    const ends = [...services, ...calls.flatMap(({ from, to }) => [from, to])]
    const nodes = new Map(ends.map(nodeOf).map((node) => [node.id, node]))
    return {
      nodes: [...nodes.values()].sort((a, b) => compare(a.kind, b.kind) || compare(a.name, b.name)),
      edges: edgesOf(calls),
      traces,
      sample: { oneIn },
      startMs: Number(filter.from / 1_000_000n),
      endMs: Number(filter.to / 1_000_000n),
    }
  })
}

function nodeOf(end: string | Target): MapNode {
  if (typeof end === 'string') return { id: `service:${end}`, kind: 'service', name: end, attribute: null }
  const { kind, name, key, value } = end
  return { id: `${kind}:${name}`, kind, name, attribute: { key, value } }
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
