/** Maps of any graph: nothing overlaps, calls go to the right, and the order has few crossings. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { layOut } from '../src/model/map-layout.ts'

const SIZE = { width: 200, height: 60 }

const graphs = fc
  .integer({ min: 0, max: 14 })
  .chain((count) =>
    fc.tuple(
      fc.constant(Array.from({ length: count }, (_, index) => `n${index}`)),
      fc.array(fc.tuple(fc.nat({ max: 15 }), fc.nat({ max: 15 })), { maxLength: 40 }),
    ),
  )
  .map(([ids, pairs]) => ({ ids, edges: pairs.map(([from, to]) => ({ from: `n${from}`, to: `n${to}` })) }))

describe('layOut', () => {
  it('places every node once, none upon another, all within its size', () => {
    fc.assert(
      fc.property(graphs, ({ ids, edges }) => {
        const { nodes, width, height } = layOut(ids, edges, SIZE)
        assert.deepEqual(
          nodes.map(({ id }) => id),
          ids,
        )
        for (const [index, one] of nodes.entries()) {
          assert.ok(one.x >= 0 && one.x + SIZE.width <= width)
          assert.ok(one.y >= -1e-6 && one.y + SIZE.height <= height + 1e-6)
          for (const other of nodes.slice(index + 1)) {
            const apart = Math.abs(one.x - other.x) >= SIZE.width || Math.abs(one.y - other.y) >= SIZE.height
            assert.ok(apart, `${one.id} and ${other.id} overlap`)
          }
        }
      }),
    )
  })

  it('draws every call between nodes that there are, to the right unless it closes a cycle', () => {
    fc.assert(
      fc.property(graphs, ({ ids, edges }) => {
        const layout = layOut(ids, edges, SIZE)
        const known = edges.filter(({ from, to }) => from !== to && ids.includes(from) && ids.includes(to))
        assert.deepEqual(new Set(layout.edges.map(({ edge }) => edge)), new Set(known))
        const rankOf = new Map(layout.nodes.map(({ id, rank }) => [id, rank]))
        for (const { edge, points, goesBack } of layout.edges) {
          const [from, to] = [rankOf.get(edge.from)!, rankOf.get(edge.to)!]
          if (goesBack) assert.ok(reaches(known, edge.to, edge.from), 'it closes a cycle')
          else {
            assert.ok(from < to)
            for (const [at, [x]] of points.slice(1).entries()) assert.ok(x > points[at]![0])
          }
        }
      }),
    )
  })

  it('is the same for the same graph', () => {
    fc.assert(
      fc.property(graphs, ({ ids, edges }) => {
        assert.deepEqual(layOut(ids, edges, SIZE), layOut(ids, edges, SIZE))
      }),
    )
  })

  it('finds the order without crossings of a tree, whatever the order that it is told in', () => {
    const edges = ['a b', 'a c', 'b d', 'b e', 'c f', 'c g'].map((pair) => {
      const [from = '', to = ''] = pair.split(' ')
      return { from, to }
    })
    const letters = [...'abcdefg']
    fc.assert(
      fc.property(fc.shuffledSubarray(letters, { minLength: 7 }), (ids) => {
        const { nodes } = layOut(ids, edges, SIZE)
        const y = (id: string) => nodes.find((node) => node.id === id)!.y
        const upper = y('b') < y('c') ? ['d', 'e'] : ['f', 'g']
        const lower = y('b') < y('c') ? ['f', 'g'] : ['d', 'e']
        assert.ok(Math.max(...upper.map(y)) < Math.min(...lower.map(y)))
        assert.ok(Math.abs(y('a') - (y('b') + y('c')) / 2) < 1, 'a parent stands between its children')
      }),
    )
  })

  it('lays out a chain of 5,000', () => {
    const ids = Array.from({ length: 5_000 }, (_, index) => String(index))
    const { nodes } = layOut(
      ids,
      ids.slice(1).map((to, index) => ({ from: ids[index]!, to })),
      SIZE,
    )
    assert.equal(nodes.at(-1)?.rank, 4_999)
  })
})

function reaches(
  edges: readonly { readonly from: string; readonly to: string }[],
  from: string,
  to: string,
): boolean {
  const seen = new Set([from])
  for (const id of seen) for (const edge of edges) if (edge.from === id) seen.add(edge.to)
  return seen.has(to)
}
