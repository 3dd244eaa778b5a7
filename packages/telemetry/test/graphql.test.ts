/** graphql 17: operations and the fields that somebody wrote a resolver for. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import diagnosticsChannel from 'node:diagnostics_channel'
import { suite, test } from 'node:test'
import { trace } from '@opentelemetry/api'
import {
  buildSchema,
  execute,
  GraphQLError,
  GraphQLInt,
  GraphQLList,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  graphql,
  graphqlSync,
  parse,
} from 'graphql'
import { tracedSpan } from '../src/traced-span.ts'
import type { ReceivedSpan } from './support/decode.ts'
import { traced } from './support/traced.ts'

const sleep = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms))

/** A new schema for each test: tracing marks those that it has seen. */
function makeSchema(): GraphQLSchema {
  const Author = new GraphQLObjectType({
    name: 'Author',
    fields: {
      name: { type: GraphQLString },
      upper: { type: GraphQLString, resolve: ({ name }) => name.toUpperCase() },
    },
  })
  const Node = new GraphQLObjectType({
    name: 'Node',
    fields: {
      id: { type: GraphQLInt },
      title: { type: GraphQLString },
      author: {
        type: Author,
        resolve: async ({ id }) => {
          await sleep()
          return tracedSpan('load author', () => ({ name: `author ${id}` }))
        },
      },
    },
  })
  const Query = new GraphQLObjectType({
    name: 'Query',
    fields: {
      hello: {
        type: GraphQLString,
        args: { name: { type: GraphQLString } },
        resolve: (_, { name }) => `hello ${name}`,
      },
      nodes: {
        type: new GraphQLList(Node),
        args: { first: { type: GraphQLInt } },
        resolve: (_, { first = 2 }) =>
          Array.from({ length: first }, (_, id) => ({ id, title: `node ${id}` })),
      },
      fails: {
        type: GraphQLString,
        resolve: () => {
          throw new RangeError('too far')
        },
      },
      failsLater: {
        type: GraphQLString,
        resolve: async () => {
          await sleep()
          throw new GraphQLError('not found', { extensions: { code: 'NOT_FOUND' } })
        },
      },
      failsStrangely: { type: GraphQLString, resolve: () => Promise.reject(null) },
    },
  })
  const Mutation = new GraphQLObjectType({
    name: 'Mutation',
    fields: { publish: { type: GraphQLString, resolve: async () => 'published' } },
  })
  return new GraphQLSchema({ query: Query, mutation: Mutation })
}

async function executing(source: string, more: { operationName?: string; schema?: GraphQLSchema } = {}) {
  let result: Awaited<ReturnType<typeof graphql>> | undefined
  const received = await traced(async () => {
    result = await graphql({ schema: makeSchema(), source, ...more })
  })
  const operation = received.spans.find(
    ({ attributes }) => attributes['graphql.operation.type'] !== undefined,
  )
  return { ...received, result: result!, operation: operation! }
}
const names = (spans: readonly ReceivedSpan[]) => spans.map(({ name }) => name).sort()

suite('an operation', () => {
  test('is named by its type and name, with both and its document as attributes', async () => {
    const source = 'query Greeting { hello }'
    const { operation, result } = await executing(source)
    assert.deepEqual({ ...result.data }, { hello: 'hello undefined' })
    assert.equal(operation.name, 'query Greeting')
    assert.equal(operation.kind, 1)
    assert.deepEqual(operation.attributes, {
      'graphql.operation.type': 'query',
      'graphql.operation.name': 'Greeting',
      'graphql.document': source,
    })
  })

  test('without a name is named by its root fields', async () => {
    assert.equal((await executing('{ hello }')).operation.name, 'query { hello }')
    assert.equal((await executing('{ hello nodes { id } }')).operation.name, 'query { hello, nodes }')
  })

  test('of a mutation says so', async () => {
    const { operation } = await executing('mutation Publish { publish }')
    assert.equal(operation.name, 'mutation Publish')
    assert.equal(operation.attributes['graphql.operation.type'], 'mutation')
  })

  test('of several in one document is the one that runs', async () => {
    const source = 'query A { hello } query B { nodes { id } }'
    for (const operationName of ['A', 'B', 'A']) {
      const { operation } = await executing(source, { operationName })
      assert.equal(operation.name, `query ${operationName}`)
      assert.equal(operation.attributes['graphql.operation.name'], operationName)
    }
  })

  test('of several in one parsed document that a server keeps is the one that runs', async () => {
    const document = parse('query A { hello } mutation B { publish }')
    const schema = makeSchema()
    const { spans } = await traced(async () => {
      for (const operationName of ['A', 'B', 'A']) await execute({ schema, document, operationName })
    })
    assert.deepEqual(
      spans.filter(({ attributes }) => attributes['graphql.operation.type']).map(({ name }) => name),
      ['query A', 'mutation B', 'query A'],
    )
  })

  test('with a name of a thousand letters cannot make a span name of a thousand', async () => {
    const { operation } = await executing(`query ${'x'.repeat(1000)} { hello }`)
    assert.ok(operation.name.length <= 80)
  })

  test('is synchronous where the schema is', async () => {
    const { spans } = await traced(() => {
      const schema = buildSchema('type Query { hello: String }')
      assert.equal(graphqlSync({ schema, source: '{ hello }', rootValue: { hello: 'hi' } }).data?.hello, 'hi')
      assert.equal(trace.getActiveSpan(), undefined)
    })
    assert.deepEqual(names(spans), ['query { hello }'])
  })

  test('that does not validate is no operation', async () => {
    const { spans, result } = await executing('{ nothing }')
    assert.ok(result.errors)
    assert.deepEqual(spans, [])
  })
})

suite('somebody else who listens to operations', () => {
  test('gets messages and stores as without us, before and behind', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const listen = () => void seen.push('start')
    const channel = diagnosticsChannel.channel('tracing:graphql:execute:start')
    const schema = buildSchema('type Query { hello: String }')
    const rootValue = { hello: () => storage.getStore() }
    const ask = async () => {
      const { data } = await graphql({ schema, source: '{ hello }', rootValue })
      seen.push(data?.hello)
    }
    channel.subscribe(listen)
    channel.bindStore(storage, () => 'theirs')
    const { spans } = await traced(ask)
    await ask()
    channel.unsubscribe(listen)
    channel.unbindStore(storage)
    await traced(ask)
    await ask()
    assert.deepEqual(seen, ['start', 'theirs', 'start', 'theirs', null, null])
    assert.deepEqual(names(spans), ['query { hello }'])
    assert.equal(storage.getStore(), undefined)
  })
})

suite('a field', () => {
  test('with a resolver is a span below its operation, fields without one are not', async () => {
    const { spans, operation } = await executing('{ nodes { id title author { name upper } } }')
    assert.deepEqual(names(spans), [
      'Author.upper',
      'Node.author',
      'Query.nodes',
      'load author',
      'load author',
      'query { nodes }',
    ])
    for (const span of spans) assert.equal(span.traceId, operation.traceId)
    const nodes = spans.find(({ name }) => name === 'Query.nodes')!
    assert.equal(nodes.parentSpanId, operation.spanId)
    assert.equal(nodes.kind, 1)
  })

  test('says its name, type and path', async () => {
    const { spans } = await executing('{ all: nodes(first: 1) { who: author { name } } }')
    const author = spans.find(({ name }) => name === 'Node.author')!
    assert.deepEqual(author.attributes, {
      'graphql.field.name': 'author',
      'graphql.field.type': 'Author',
      'graphql.field.path': 'all.0.who',
    })
    const all = spans.find(({ name }) => name === 'Query.nodes')!
    assert.equal(all.attributes['graphql.field.path'], 'all')
    assert.equal(all.attributes['graphql.field.type'], '[Node]')
  })

  test('is active in its resolver, before and after awaits', async () => {
    const { named } = await executing('{ nodes(first: 1) { author { name } } }')
    assert.equal(named('load author').parentSpanId, named('Node.author').spanId)
  })

  test('lasts as long as its promise', async () => {
    const { named } = await executing('{ nodes(first: 1) { author { name } } }')
    assert.ok(named('Node.author').end >= named('load author').end)
    assert.ok(named('Query.nodes').end <= named('Node.author').start)
  })

  test('gets source, arguments, context and info as it would without tracing', async () => {
    const seen: unknown[] = []
    const schema = new GraphQLSchema({
      query: new GraphQLObjectType({
        name: 'Query',
        fields: {
          echo: {
            type: GraphQLString,
            args: { a: { type: GraphQLInt } },
            resolve: (...args) => {
              seen.push(args.length, args[0], args[1], args[2], args[3].fieldName)
              return 'x'
            },
          },
        },
      }),
    })
    const bare = await graphql({
      schema,
      source: '{ echo(a: 1) }',
      rootValue: 'root',
      contextValue: 'context',
    })
    const without = seen.splice(0)
    await traced(async () => {
      const result = await graphql({
        schema,
        source: '{ echo(a: 1) }',
        rootValue: 'root',
        contextValue: 'context',
      })
      assert.deepEqual(result, bare)
    })
    assert.deepEqual(seen, without)
  })
})

suite('an error', () => {
  test('of a resolver is on its span and on the operation, with the exception that was thrown', async () => {
    const { spans, operation, result } = await executing('{ fails hello }')
    assert.equal(result.errors?.length, 1)
    const field = spans.find(({ name }) => name === 'Query.fails')!
    for (const span of [field, operation]) {
      assert.deepEqual(span.status, { code: 2, message: 'too far' })
      assert.equal(span.attributes['error.type'], 'RangeError')
      assert.equal(span.events[0]?.attributes['exception.type'], 'RangeError')
      assert.match(String(span.events[0]?.attributes['exception.stacktrace']), /graphql\.test\.ts/)
    }
    assert.equal(spans.find(({ name }) => name === 'Query.hello')!.status.code, 0)
  })

  test('with a code has it as its type', async () => {
    const { operation, named } = await executing('{ failsLater }')
    for (const span of [operation, named('Query.failsLater')]) {
      assert.equal(span.attributes['error.type'], 'NOT_FOUND')
      assert.deepEqual(span.status, { code: 2, message: 'not found' })
    }
  })

  test('that is nothing does no harm', async () => {
    const { result, named } = await executing('{ failsStrangely }')
    assert.equal(result.errors?.length, 1)
    assert.equal(named('Query.failsStrangely').status.code, 2)
  })

  test('a thousand times over is recorded a few times', async () => {
    const Item = new GraphQLObjectType({
      name: 'Item',
      fields: {
        broken: {
          type: GraphQLString,
          resolve: () => {
            throw new Error('again')
          },
        },
      },
    })
    const schema = new GraphQLSchema({
      query: new GraphQLObjectType({
        name: 'Query',
        fields: { items: { type: new GraphQLList(Item), resolve: () => new Array(1000).fill({}) } },
      }),
    })
    const { operation, result } = await executing('{ items { broken } }', { schema })
    assert.equal(result.errors?.length, 1000)
    assert.ok(operation.events.length > 0 && operation.events.length <= 10)
  })
})

suite('what the caller wrote into the document', () => {
  const documentOf = async (source: string) => {
    const { operation } = await executing(source)
    return String(operation.attributes['graphql.document'])
  }

  test('texts and numbers are taken out', async () => {
    const text = await documentOf('{ hello(name: "hunter2") nodes(first: 1) { id } }')
    assert.equal(text, '{ hello(name: *) nodes(first: *) { id } }')
  })

  for (const [what, argument] of [
    ['an escaped quote', String.raw`"a \" hunter2"`],
    ['an escaped backslash', String.raw`"hunter2 \\"`],
    ['a block text', '"""hunter2"""'],
    ['a block text of lines', '"""\n  hunter2\n"""'],
    ['a block text with quotes', '"""a "hunter2" b"""'],
    ['a block text with an escaped end', String.raw`"""a \""" hunter2 """`],
    ['an empty text, then one', '"" other: "hunter2"'],
  ] as const) {
    test(`${what} does not leak`, async () => {
      const [name, other] = argument.split(' other: ')
      const source = `{ hello(name: ${name})${other === undefined ? '' : ` b: hello(name: ${other})`} }`
      const text = await documentOf(source)
      assert.doesNotMatch(text, /hunter2/)
      assert.match(text, /hello\(name: \*\)/)
    })
  }

  for (const comment of ['# say "hi', '# """', "# it's", '# \\"']) {
    test(`a comment ${comment} does not make what follows leak`, async () => {
      const text = await documentOf(`{ ${comment}\n hello(name: """hunter2""") b: hello(name: "hunter2") }`)
      assert.doesNotMatch(text, /hunter2/)
    })
  }

  test('secrets in comments are taken out too', async () => {
    assert.doesNotMatch(await documentOf('# password hunter2\n{ hello }'), /hunter2/)
  })

  test('names with digits stay', async () => {
    const text = await documentOf('query Q1($a1: String = "x") { b2: hello(name: $a1) }')
    assert.equal(text, 'query Q1($a1: String = *) { b2: hello(name: $a1) }')
  })

  test('a long document is cut', async () => {
    const text = await documentOf(`{ ${Array.from({ length: 1500 }, (_, i) => `a${i}: hello`).join(' ')} }`)
    assert.ok(text.length < 10_000)
  })
})

suite('the schema', () => {
  test('answers as before, and goes on after tracing and with it again', async () => {
    const schema = makeSchema()
    const source = '{ nodes { author { upper } } }'
    const first = await executing(source, { schema })
    const between = await graphql({ schema, source })
    const second = await executing(source, { schema })
    assert.deepEqual(between, first.result)
    assert.deepEqual(second.result, first.result)
    assert.deepEqual(names(second.spans), names(first.spans))
  })

  test('default resolvers with another name are still no spans where there is none', async () => {
    const schema = buildSchema('type Query { a: String b: String }')
    const { spans } = await executing('{ a b }', { schema })
    assert.deepEqual(names(spans), ['query { a, b }'])
  })

  test('without graphql nothing is traced or touched', async () => {
    const schema = makeSchema()
    const before = schema.getQueryType()!.getFields().hello!.resolve
    const { spans } = await traced(() => graphql({ schema, source: '{ hello }' }), { without: ['graphql'] })
    assert.deepEqual(spans, [])
    assert.equal(schema.getQueryType()!.getFields().hello!.resolve, before)
  })

  test('of a trace that is not sampled answers as before', async () => {
    const { spans } = await traced(
      async () => {
        const { data } = await graphql({
          schema: makeSchema(),
          source: '{ nodes(first: 1) { author { name } } }',
        })
        assert.equal(JSON.stringify(data), '{"nodes":[{"author":{"name":"author 0"}}]}')
      },
      { config: { samplingRate: 0 } },
    )
    assert.deepEqual(spans, [])
  })
})
