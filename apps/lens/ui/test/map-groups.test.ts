/** Maps whose queues, databases and hosts are drawn as one where they are alike: nothing is lost, and nothing that differs is joined. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { MapEdge, MapNode, MapNodeKind } from 'rustok-lens/contract'
import { groupAlike } from '../src/model/map-groups.ts'

const node = (id: string, kind: MapNodeKind, calls = 1, failed = 0): MapNode => ({
  id,
  kind,
  name: id,
  attribute: null,
  calls,
  failed,
  p95DurationNano: 1_000,
})
const edge = (from: string, to: string, calls = 1, failed = 0): MapEdge => ({
  from,
  to,
  calls,
  failed,
  p50DurationNano: calls,
  p95DurationNano: calls,
})
const topics = ['a', 'b', 'c', 'd', 'e'].map((id, index) => node(id, 'queue', index + 1, index === 0 ? 1 : 0))
const bus = {
  nodes: [node('server', 'service'), node('mailer', 'service'), ...topics],
  edges: [
    ...topics.map(({ id, calls, failed }) => edge('server', id, calls, failed)),
    // Which of them are taken from makes no difference of neighbours.
    edge('a', 'server', 3),
    edge('b', 'server', 4),
    edge('e', 'mailer', 9),
  ],
}

describe('groupAlike', () => {
  it('makes one of four topics between the same services, and leaves the one that another takes from', () => {
    const { nodes, edges, groups, groupOf } = groupAlike(bus)
    assert.deepEqual(
      nodes.map(({ name, calls, failed }) => [name, calls, failed]),
      [
        ['server', 1, 0],
        ['mailer', 1, 0],
        ['e', 5, 0],
        ['4 queues', 10, 1],
      ],
    )
    const [id] = groups.keys()
    assert.deepEqual(
      groups.get(id!)?.map((member) => member.id),
      ['d', 'c', 'b', 'a'],
    )
    assert.deepEqual([...groupOf.keys()].sort(), ['a', 'b', 'c', 'd'])
    const drawn = edges.map(({ from, to, calls, failed }) => [from, to, calls, failed])
    assert.deepEqual(drawn, [
      ['server', id, 10, 1],
      ['server', 'e', 5, 0],
      [id, 'server', 7, 0],
      ['e', 'mailer', 9, 0],
    ])
  })

  it('draws a group’s members when asked to', () => {
    const [id] = groupAlike(bus).groups.keys()
    assert.deepEqual(groupAlike(bus, new Set([id!])).nodes, bus.nodes)
  })

  it('never joins services, other kinds or few', () => {
    for (const kind of ['service', 'database', 'queue', 'host'] as const) {
      const nodes = [node('server', 'service'), ...['w', 'x', 'y'].map((id) => node(id, kind))]
      const edges = nodes.slice(1).map(({ id }) => edge('server', id))
      assert.deepEqual(groupAlike({ nodes, edges }).nodes, nodes)
      const mixed = [...nodes, node('z', kind === 'queue' ? 'host' : 'queue')]
      assert.deepEqual(groupAlike({ nodes: mixed, edges: [...edges, edge('server', 'z')] }).nodes, mixed)
    }
    const services = ['a', 'b', 'c', 'd', 'e'].map((id) => node(id, 'service'))
    assert.deepEqual(groupAlike({ nodes: services, edges: [] }).nodes, services)
  })

  it('loses no node and no call of any map', () => {
    const kinds = fc.constantFrom<MapNodeKind>('service', 'service', 'queue', 'host')
    const maps = fc
      .array(kinds, { maxLength: 16 })
      .chain((list) =>
        fc.tuple(
          fc.constant(list.map((kind, index) => node(`n${index}`, kind, index))),
          fc.uniqueArray(fc.tuple(fc.nat(15), fc.nat(15)), { maxLength: 40, selector: String }),
        ),
      )
      .map(([nodes, pairs]) => ({
        nodes,
        edges: pairs
          .filter(([from, to]) => from < nodes.length && to < nodes.length)
          .map(([from, to], index) => edge(`n${from}`, `n${to}`, index + 1)),
      }))
    fc.assert(
      fc.property(maps, (map) => {
        const { nodes, edges, groups, groupOf } = groupAlike(map)
        const shown = nodes.flatMap((one) => groups.get(one.id) ?? [one])
        assert.deepEqual(shown.map(({ id }) => id).sort(), map.nodes.map(({ id }) => id).sort())
        const sum = (list: readonly { readonly calls: number }[]) =>
          list.reduce((all, { calls }) => all + calls, 0)
        assert.equal(sum(edges), sum(map.edges))
        assert.equal(sum(nodes), sum(map.nodes))
        const ids = new Set(nodes.map(({ id }) => id))
        for (const { from, to } of edges) assert.ok(ids.has(from) && ids.has(to))
        for (const [member, group] of groupOf) assert.ok(groups.get(group)?.some(({ id }) => id === member))
      }),
    )
  })
})
