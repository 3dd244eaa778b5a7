/** Documents that are attacks are refused before they are executed, whatever they multiply to, and in production nothing tells the schema. */
import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { getIntrospectionQuery } from 'graphql'
import { assemble } from '../../src/assemble.ts'
import { MAX_ALIASES, MAX_DEPTH, MAX_DIRECTIVES } from '../../src/graphql/document-limits.ts'
import { sendGraphQL } from '../support/graphql-client.ts'
import { sharedServer as development } from '../support/shared-server.ts'

/** The same server as it is in production, over the same database. */
let production: { readonly url: string; readonly app: FastifyInstance }

before(async () => {
  const { log, database, keys } = development
  const { app } = assemble(
    {
      production: true,
      trustedProxies: [],
      demo: true,
      nats: undefined,
      webhook: undefined,
      passwordReset: undefined,
      payments: undefined,
    },
    log,
    database,
    keys,
  )
  production = { app, url: await app.listen({ host: '127.0.0.1', port: 0 }) }
})
after(() => production.app.close())

/** The answer, and whether graphql-js began to execute the document. */
async function send(query: string, { url = development.url, variables = {} } = {}) {
  let executed = false
  const executions = channel('tracing:graphql:execute:start')
  const onExecution = () => {
    executed = true
  }
  executions.subscribe(onExecution)
  const answer = await sendGraphQL(url, query, {
    token: development.user('ada').token,
    variables,
    headers: { accept: 'application/graphql-response+json' },
  })
  executions.unsubscribe(onExecution)
  return {
    ...answer,
    executed,
    code: answer.errors[0]?.extensions?.code,
    limit: answer.errors[0]?.extensions?.limit,
  }
}

test('publishes the channels of graphql-js that spans are made from', async () => {
  const resolved: string[] = []
  const resolutions = channel('tracing:graphql:resolve:start')
  const onResolution = (message: unknown) => {
    const { fieldPath, isDefaultResolver } = message as { fieldPath: string; isDefaultResolver: boolean }
    if (!isDefaultResolver) resolved.push(fieldPath)
  }
  resolutions.subscribe(onResolution)
  const { executed } = await send('{ me { id name } nodes(first: 1) { edges { cursor node { title } } } }')
  resolutions.unsubscribe(onResolution)
  assert.equal(executed, true)
  assert.deepEqual(resolved, ['me', 'nodes'])
})

/** `depth` levels: __typename under nested inline fragments would not count, fields do. */
function nested(depth: number): string {
  return `{ ${'me { '.repeat(depth - 1)} id ${'} '.repeat(depth - 1)} }`
}

test('measures depth, and lets the deepest allowed document through to validation', async () => {
  const allowed = await send(nested(MAX_DEPTH))
  assert.equal(allowed.code, 'GRAPHQL_VALIDATION_FAILED')
  const refused = await send(nested(MAX_DEPTH + 1))
  assert.deepEqual([refused.status, refused.code, refused.limit], [400, 'LIMIT_EXCEEDED', 'depth'])
})

test('measures depth through fragments', async () => {
  const levels = Array.from(
    { length: MAX_DEPTH + 1 },
    (_, i) => `fragment F${i} on User { me { ...F${i + 1} } }`,
  )
  const refused = await send(`{ me { ...F0 } } ${levels.join(' ')} fragment F${MAX_DEPTH + 1} on User { id }`)
  assert.equal(refused.limit, 'depth')
})

test('counts aliases and directives, also those that fragments bring', async () => {
  const aliases = (count: number) =>
    `{ ${Array.from({ length: count }, (_, i) => `a${i}: me { id }`).join(' ')} }`
  assert.equal((await send(aliases(MAX_ALIASES))).executed, true)
  const refused = await send(aliases(MAX_ALIASES + 1))
  assert.deepEqual([refused.limit, refused.executed], ['alias', false])

  const spread = `fragment A on User { ${Array.from({ length: 8 }, (_, i) => `n${i}: name`).join(' ')} }`
  assert.equal((await send(`{ a: me { ...A } b: me { ...A } c: me { ...A } } ${spread}`)).limit, 'alias')

  const directives = (count: number) => `{ me { id ${'@include(if: true) '.repeat(count)} } }`
  assert.equal((await send(directives(MAX_DIRECTIVES + 1))).limit, 'directive')
})

test('refuses fragments that multiply, in a moment', async () => {
  const fragments = Array.from(
    { length: 25 },
    (_, i) => `fragment F${i} on User { a: id ...F${i + 1} ...F${i + 1} ...F${i + 1} }`,
  )
  const bomb = await send(`{ me { ...F0 } } ${fragments.join(' ')} fragment F25 on User { b: id }`)
  assert.deepEqual([bomb.limit, bomb.executed], ['alias', false])
})

test('refuses fragment cycles', async () => {
  const cycle = await send('{ me { ...A } } fragment A on User { ...B } fragment B on User { ...A }')
  assert.deepEqual([cycle.status, cycle.executed], [400, false])
  assert.match(cycle.errors[0]!.message, /Cannot spread fragment/)
})

test('refuses documents with too many tokens, too long, or full of comments, before it parses them', async () => {
  const bombs = [
    `{ me { ${'id '.repeat(2_000)} } }`,
    `{ me { id } } # ${'x'.repeat(20_000)}`,
    `{ me { id } }${'\n#'.repeat(1_000)}`,
  ]
  for (const bomb of bombs) {
    const { executed, code } = await send(bomb)
    assert.deepEqual([executed, code], [false, 'GRAPHQL_PARSE_FAILED'], bomb.slice(0, 30))
  }
})

test('prices lists by their page size, be it a literal, a variable or a default', async () => {
  const fields =
    'edges { cursor node { id title body status createdAt updatedAt publishedAt author { id name role } } }'
  const four = (args: string) =>
    `a: nodes${args} { ${fields} } b: nodes${args} { ${fields} } c: nodes${args} { ${fields} } d: nodes${args} { ${fields} }`
  const asked = {
    literal: await send(`{ ${four('(first: 100)')} }`),
    variable: await send(`query ($n: Int) { ${four('(first: $n)')} }`, { variables: { n: 100 } }),
    'variable default': await send(`query ($n: Int = 100) { ${four('(first: $n)')} }`),
  }
  for (const [name, answer] of Object.entries(asked)) {
    assert.deepEqual([answer.status, answer.limit, answer.executed], [400, 'cost', false], name)
  }
  assert.equal((await send(`{ ${four('')} }`)).errors.length, 0)
  assert.equal((await send(`{ nodes(first: 100) { ${fields} } }`)).errors.length, 0)
})

test('refuses several operations in one request', async () => {
  const response = await fetch(`${development.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${development.user('ada').token}`,
    },
    body: JSON.stringify(Array.from({ length: 2 }, () => ({ query: '{ me { id } }' }))),
  })
  assert.equal(response.status, 400)
})

test('shows the schema in development, and in production neither it nor a suggestion', async () => {
  assert.equal((await send(getIntrospectionQuery())).errors.length, 0)
  const misspelt = await send('{ me { nam } }')
  assert.match(misspelt.errors[0]!.message, /Did you mean "name"/)

  for (const query of [getIntrospectionQuery(), '{ __type(name: "User") { name } }']) {
    const hidden = await send(query, { url: production.url })
    assert.deepEqual([hidden.executed, hidden.data], [false, undefined])
  }
  const silent = await send('{ me { nam } }', { url: production.url })
  assert.doesNotMatch(JSON.stringify(silent.errors), /name"/)
  assert.equal((await send('{ __typename me { id } }', { url: production.url })).errors.length, 0)
})

test('shows GraphiQL to browsers without a token in development only, with one that works', async () => {
  const page = await fetch(`${development.url}/graphql`, { headers: { accept: 'text/html' } })
  const html = await page.text()
  assert.equal(page.status, 200)
  assert.match(html, /YogaGraphiQL/)
  assert.doesNotMatch(html, /<(?:script|link)[^>]+(?:src|href)="https?:/)
  const token = /Bearer ([\w.-]+)/.exec(html)?.[1]
  const { data } = await sendGraphQL(development.url, '{ me { id } }', { token })
  assert.deepEqual(data, { me: { id: 'ada' } })

  const hidden = await fetch(`${production.url}/graphql`, { headers: { accept: 'text/html' } })
  assert.equal(hidden.status, 401)
})

test('masks what is thrown inside, and logs it with its trace', async () => {
  await development.owner.schema.alterTable('content_stats').renameTo('elsewhere').execute()
  try {
    const { errors, data } = await send('{ me { id } contentStats { total } }')
    assert.deepEqual(data, null)
    assert.equal(errors[0]?.message, 'Unexpected error.')
    assert.deepEqual(errors[0].extensions, { code: 'INTERNAL_SERVER_ERROR' })
    const line = development.lines.findLast((candidate) => candidate.level === 'error')
    assert.match(JSON.stringify(line), /content_stats/)
  } finally {
    await development.owner.schema.alterTable('elsewhere').renameTo('content_stats').execute()
  }
})
