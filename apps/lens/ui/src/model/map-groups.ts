/**
 * Of a map's queues, databases or hosts that have the same neighbours, one node: the topics of an event bus differ in their names, and each would
 * take as much room as a service. What is within a group stays one click away. Called by the map's page, before the nodes are placed.
 */
import type { MapEdge, MapNode, MapNodeKind } from 'rustok-lens/contract'

export interface DrawnMap {
  readonly nodes: readonly MapNode[]
  readonly edges: readonly MapEdge[]
  /** By the id of a node that stands for several: those, busiest first. */
  readonly groups: ReadonlyMap<string, readonly MapNode[]>
  /** By the id of a node within a group: that of the group. */
  readonly groupOf: ReadonlyMap<string, string>
}

/** Fewer are told apart at a glance. */
const FEWEST = 4

const MANY: Readonly<Record<MapNodeKind, string>> = {
  service: 'services',
  database: 'databases',
  queue: 'queues',
  host: 'hosts',
}

/** `apart` are groups that are drawn node by node. */
export function groupAlike(
  map: { readonly nodes: readonly MapNode[]; readonly edges: readonly MapEdge[] },
  apart: ReadonlySet<string> = new Set(),
): DrawnMap {
  const neighbours = new Map(map.nodes.map(({ id }) => [id, new Set<string>()]))
  for (const { from, to } of map.edges) {
    neighbours.get(from)?.add(to)
    neighbours.get(to)?.add(from)
  }
  const alike = Map.groupBy(
    map.nodes.filter(({ kind }) => kind !== 'service'),
    // Ids are any text: told apart as JSON.
    ({ id, kind }) => `group ${JSON.stringify([kind, ...[...neighbours.get(id)!].sort()])}`,
  )
  const groups = new Map<string, readonly MapNode[]>()
  const groupOf = new Map<string, string>()
  for (const [id, members] of alike) {
    if (members.length < FEWEST || apart.has(id)) continue
    groups.set(
      id,
      members.toSorted((a, b) => b.calls - a.calls),
    )
    for (const member of members) groupOf.set(member.id, id)
  }
  return {
    nodes: [
      ...map.nodes.filter(({ id }) => !groupOf.has(id)),
      ...[...groups].map(([id, members]) => sumOf(id, members)),
    ],
    edges: joined(map.edges, groupOf),
    groups,
    groupOf,
  }
}

function sumOf(id: string, members: readonly MapNode[]): MapNode {
  const { kind } = members[0]!
  return {
    id,
    kind,
    name: `${members.length} ${MANY[kind]}`,
    attribute: null,
    calls: members.reduce((sum, { calls }) => sum + calls, 0),
    failed: members.reduce((sum, { failed }) => sum + failed, 0),
    // Quantiles cannot be added up; each member has its own.
    p95DurationNano: null,
  }
}

/** Of edges between the same two, one with the durations of the busiest. */
function joined(edges: readonly MapEdge[], groupOf: ReadonlyMap<string, string>): readonly MapEdge[] {
  const between = Map.groupBy(edges, ({ from, to }) =>
    JSON.stringify([groupOf.get(from) ?? from, groupOf.get(to) ?? to]),
  )
  return [...between].map(([ends, several]) => {
    const [from, to] = JSON.parse(ends) as [string, string]
    const busiest = several.reduce((most, edge) => (edge.calls > most.calls ? edge : most))
    return {
      ...busiest,
      from,
      to,
      calls: several.reduce((sum, { calls }) => sum + calls, 0),
      failed: several.reduce((sum, { failed }) => sum + failed, 0),
    }
  })
}
