/** graphql 17: the fields of list items are one span for each place in the operation, however long the list. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { context, trace } from '@opentelemetry/api'
import {
  execute,
  experimentalExecuteIncrementally,
  GraphQLDeferDirective,
  GraphQLInt,
  GraphQLList,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLStreamDirective,
  GraphQLString,
  graphql,
  parse,
  specifiedDirectives,
  subscribe,
} from 'graphql'
import { correlate, logFields } from '../src/correlate.ts'
import { tracedSpan } from '../src/traced-span.ts'
import type { ReceivedSpan } from './support/decode.ts'
import { traced } from './support/traced.ts'

const sleep = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms))
const ids = (length: number) => Array.from({ length }, (_, id) => ({ id }))

interface Item {
  readonly id: number
}

/** `{ nodes(first) { id slow quick fails related { quick } } }`, and the same under `stream` and `events`. */
function makeSchema(incremental = false): GraphQLSchema {
  const Node: GraphQLObjectType = new GraphQLObjectType({
    name: 'Node',
    fields: () => ({
      id: { type: GraphQLInt },
      slow: {
        type: GraphQLString,
        resolve: async ({ id }: Item) => {
          await sleep(1 + (id % 3))
          return tracedSpan('query', async () => {
            await sleep()
            return `slow ${id}`
          })
        },
      },
      quick: { type: GraphQLString, resolve: ({ id }: Item) => `quick ${id}` },
      tenant: { type: GraphQLString, resolve: () => logFields().tenant_id },
      fails: {
        type: GraphQLString,
        resolve: ({ id }: Item) => {
          if (id % 2 === 1) throw new RangeError(`no ${id}`)
          return id === 2 ? Promise.reject(new TypeError('no 2')) : 'fine'
        },
      },
      lazy: {
        type: GraphQLString,
        // A query builder: each `then` runs the query.
        resolve: ({ id }: Item) => {
          let runs = 0
          return {
            // biome-ignore lint/suspicious/noThenProperty: it is what it stands for.
            then: (done: (value: string) => void) => Promise.resolve().then(() => done(`${id}: ${++runs}`)),
          }
        },
      },
      related: { type: new GraphQLList(Node), resolve: ({ id }: Item) => ids(id) },
    }),
  })
  const nodes = {
    type: new GraphQLList(Node),
    args: { first: { type: GraphQLInt } },
    resolve: (_: unknown, { first }: { first: number }) => ids(first),
  }
  return new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: {
        nodes,
        later: {
          type: new GraphQLList(Node),
          resolve: async function* () {
            for (const node of ids(5)) {
              await sleep()
              yield node
            }
          },
        },
      },
    }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        events: {
          type: new GraphQLList(Node),
          subscribe: async function* () {
            yield { events: ids(3) }
            yield { events: ids(4) }
          },
        },
      },
    }),
    directives: incremental
      ? [...specifiedDirectives, GraphQLDeferDirective, GraphQLStreamDirective]
      : specifiedDirectives,
  })
}

async function executing(source: string) {
  let result: Awaited<ReturnType<typeof graphql>> | undefined
  const received = await traced(async () => {
    result = await graphql({ schema: makeSchema(), source })
  })
  return { ...received, result: result! }
}
const names = (spans: readonly ReceivedSpan[]) => spans.map(({ name }) => name).sort()
const paths = (spans: readonly ReceivedSpan[], name: string) =>
  spans.filter((span) => span.name === name).map(({ attributes }) => attributes['graphql.field.path'])

suite('the same field of the items of a list', () => {
  test('is one span for a thousand of them, with count, total and maximum', async () => {
    const { spans, named, result, ledger } = await executing('{ nodes(first: 1000) { id quick } }')
    assert.equal((result.data!.nodes as unknown[]).length, 1000)
    assert.deepEqual(names(spans), ['Node.quick', 'Query.nodes', 'query { nodes }'])
    assert.equal(ledger.created, 3)
    const { attributes, parentSpanId, kind, status } = named('Node.quick')
    const { 'graphql.field.total_ms': total, 'graphql.field.max_ms': max, ...rest } = attributes
    assert.deepEqual(rest, {
      'graphql.field.name': 'quick',
      'graphql.field.type': 'String',
      'graphql.field.path': 'nodes.quick',
      'graphql.field.count': 1000n,
    })
    assert.ok(Number(max) > 0 && Number(total) >= Number(max))
    assert.equal(parentSpanId, named('query { nodes }').spanId)
    assert.equal(kind, 1)
    assert.equal(status.code, 0)
  })

  test('of one item is as it would be without a list', async () => {
    const { named } = await executing('{ nodes(first: 1) { quick } }')
    assert.deepEqual(named('Node.quick').attributes, {
      'graphql.field.name': 'quick',
      'graphql.field.type': 'String',
      'graphql.field.path': 'nodes.0.quick',
    })
  })

  test('lasts from the first start to the last end, and sums what overlaps', async () => {
    const { spans, named } = await executing('{ nodes(first: 20) { slow } }')
    const list = named('Node.slow')
    const queries = spans.filter(({ name }) => name === 'query')
    assert.equal(queries.length, 20)
    for (const query of queries) assert.ok(query.start >= list.start && query.end <= list.end)
    const duration = Number(list.end - list.start) / 1e6
    const { 'graphql.field.total_ms': total, 'graphql.field.max_ms': max } = list.attributes
    assert.ok(Number(total) > duration, 'items were resolved at the same time')
    assert.ok(Number(max) <= duration + 0.01)
    assert.ok(list.end <= named('query { nodes }').end)
  })

  test('has what the resolvers do below it', async () => {
    const { spans, named } = await executing('{ nodes(first: 3) { slow } }')
    const queries = spans.filter(({ name }) => name === 'query')
    assert.deepEqual(
      queries.map(({ parentSpanId }) => parentSpanId),
      Array(3).fill(named('Node.slow').spanId),
    )
  })

  test('at two places of an operation is two spans', async () => {
    const { spans } = await executing(
      'fragment F on Node { quick } { a: nodes(first: 3) { ...F } b: nodes(first: 4) { ...F again: quick } }',
    )
    assert.deepEqual(paths(spans, 'Node.quick').sort(), ['a.quick', 'b.again', 'b.quick'])
    const counts = spans.map(({ attributes }) => attributes['graphql.field.count']).filter(Boolean)
    assert.deepEqual(counts.sort(), [3n, 4n, 4n])
  })

  test('in lists of lists is one span too', async () => {
    const { named, result } = await executing('{ nodes(first: 5) { related { quick } } }')
    assert.ok(result.data)
    assert.equal(named('Node.related').attributes['graphql.field.path'], 'nodes.related')
    assert.equal(named('Node.quick').attributes['graphql.field.path'], 'nodes.related.quick')
    assert.equal(named('Node.quick').attributes['graphql.field.count'], 10n)
  })

  test('is a span for each operation', async () => {
    const schema = makeSchema()
    const { spans } = await traced(() =>
      Promise.all([2, 3, 4].map((n) => graphql({ schema, source: `{ nodes(first: ${n}) { slow } }` }))),
    )
    const lists = spans.filter(({ name }) => name === 'Node.slow')
    assert.deepEqual(lists.map(({ attributes }) => attributes['graphql.field.count']).sort(), [2n, 3n, 4n])
    assert.equal(new Set(lists.map(({ traceId }) => traceId)).size, 3)
  })

  test('of an async iterable is one span', async () => {
    const { named, result } = await executing('{ later { slow } }')
    assert.equal((result.data!.later as unknown[]).length, 5)
    assert.equal(named('Node.slow').attributes['graphql.field.count'], 5n)
  })

  test('whose resolvers give query builders runs each query once', async () => {
    const { result, named } = await executing('{ nodes(first: 3) { lazy } }')
    assert.deepEqual(
      (result.data!.nodes as { lazy: string }[]).map(({ lazy }) => lazy),
      ['0: 1', '1: 1', '2: 1'],
    )
    assert.equal(named('Node.lazy').attributes['graphql.field.count'], 3n)
  })

  test('keeps the tenant and the values of the context of each', async () => {
    const key = Symbol('key')
    const { named } = await traced(() =>
      correlate({ tenantId: 'acme' }, () =>
        context.with(context.active().setValue(key, 1), async () => {
          const { data } = await graphql({
            schema: makeSchema(),
            source: '{ nodes(first: 2) { tenant slow } }',
          })
          assert.deepEqual(
            (data!.nodes as { tenant: string }[]).map(({ tenant }) => tenant),
            ['acme', 'acme'],
          )
          assert.equal(context.active().getValue(key), 1)
          assert.equal(trace.getActiveSpan(), undefined)
        }),
      ),
    )
    assert.equal(named('Node.slow').attributes.tenant_id, 'acme')
  })
})

suite('errors of items', () => {
  test('are counted, and the first eight recorded with their paths', async () => {
    const { named, result } = await executing('{ nodes(first: 40) { fails } }')
    assert.equal(result.errors?.length, 21)
    const { attributes, status, events } = named('Node.fails')
    assert.equal(attributes['graphql.field.count'], 40n)
    assert.equal(attributes['graphql.field.error_count'], 21n)
    assert.equal(attributes['error.type'], 'RangeError')
    assert.deepEqual(status, { code: 2, message: 'no 1' })
    assert.equal(events.length, 8)
    assert.equal(events[0]!.name, 'exception')
    assert.equal(events[0]!.attributes['exception.type'], 'RangeError')
    assert.match(String(events[0]!.attributes['exception.stacktrace']), /graphql-lists\.test\.ts/)
    assert.equal(events[0]!.attributes['graphql.field.path'], 'nodes.1.fails')
    assert.equal(events[7]!.attributes['graphql.field.path'], 'nodes.15.fails')
  })

  test('of promises are recorded alike', async () => {
    const { named } = await executing('{ nodes(first: 3) { fails } }')
    const { events } = named('Node.fails')
    assert.deepEqual(events.map(({ attributes }) => attributes['graphql.field.path']).sort(), [
      'nodes.1.fails',
      'nodes.2.fails',
    ])
  })
})

suite('operations that go on', () => {
  test('of @stream and @defer end, and the late items are counted in few spans', async () => {
    const schema = makeSchema(true)
    const { spans, named, ledger } = await traced(async () => {
      const result = await experimentalExecuteIncrementally({
        schema,
        document: parse(
          '{ nodes(first: 50) @stream(initialCount: 10) { id quick } ... @defer { again: nodes(first: 3) { slow } } }',
        ),
      })
      assert.ok('subsequentResults' in result)
      for await (const _ of result.subsequentResults) await sleep()
      await sleep(5)
    })
    assert.equal(named('query { nodes }').status.code, 0)
    const count = (name: string) =>
      spans
        .filter((span) => span.name === name)
        .reduce((sum, { attributes }) => sum + Number(attributes['graphql.field.count'] ?? 1), 0)
    assert.equal(count('Node.quick'), 50)
    assert.equal(count('Node.slow'), 3)
    assert.ok(spans.length < 30, `${spans.length} spans`)
    assert.equal(ledger.created, spans.length)
  })

  test('that nobody reads on end all the same', async () => {
    const schema = makeSchema(true)
    const { spans } = await traced(async () => {
      await experimentalExecuteIncrementally({
        schema,
        document: parse('{ nodes(first: 5) @stream(initialCount: 2) { quick } }'),
      })
      await sleep(5)
    })
    assert.ok(names(spans).includes('query { nodes }'))
  })

  test('of a subscription are its start and each event, in the same trace', async () => {
    const schema = makeSchema()
    const { spans } = await traced(() =>
      tracedSpan('connection', async () => {
        const events = await subscribe({ schema, document: parse('subscription Live { events { quick } }') })
        assert.ok(Symbol.asyncIterator in events)
        for await (const event of events) assert.equal(event.errors, undefined)
      }),
    )
    assert.deepEqual(names(spans), [
      'Node.quick',
      'Node.quick',
      'connection',
      'subscription Live',
      'subscription Live',
      'subscription Live',
    ])
    const counts = spans.map(({ attributes }) => attributes['graphql.field.count']).filter(Boolean)
    assert.deepEqual(counts, [3n, 4n])
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1)
  })

  test('do not change how queries are traced once there was a subscription', async () => {
    const schema = makeSchema()
    const { spans } = await traced(async () => {
      const events = await subscribe({ schema, document: parse('subscription { events { id } }') })
      assert.ok(Symbol.asyncIterator in events)
      await events.return(undefined)
      await execute({ schema, document: parse('{ nodes(first: 2) { quick } }') })
    })
    assert.deepEqual(names(spans), [
      'Node.quick',
      'Query.nodes',
      'query { nodes }',
      'subscription { events }',
    ])
  })
})
