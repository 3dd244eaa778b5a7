/** Full-text search: in each language by its rules, in what readers see and nothing else, with snippets that are plain text. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import { contentOf, type NodeFields } from '../support/content-client.ts'
import { sharedServer as server } from '../support/shared-server.ts'

const content = contentOf(server)
/** What PostgreSQL marks matches with on the way to us. */
const MARKS = ['\u0002', '\u0003']
let reader: string

before(async () => {
  reader = await content.newUser('ada', 'CUSTOMER')
})

interface Part {
  readonly text: string
  readonly match: boolean
}

interface Found {
  readonly search: {
    readonly totalCount: number
    readonly edges: {
      readonly cursor: string
      readonly node: {
        readonly locale: string
        readonly rank: number
        readonly title: readonly Part[]
        readonly snippet: readonly Part[]
        readonly node: { readonly id: string; readonly title: string }
      }
    }[]
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  }
}

const SEARCH = `query ($query: String!, $first: Int, $after: String, $locale: String, $kind: NodeKind, $tag: String) {
  search(query: $query, first: $first, after: $after, locale: $locale, kind: $kind, tag: $tag) {
    totalCount
    edges { cursor node { locale rank title { text match } snippet { text match } node { id title } } }
    pageInfo { hasNextPage endCursor }
  } }`

async function search(query: string, more: object = {}, user = reader) {
  await server.events.settled()
  return (await content.as<Found>(user, SEARCH, { query, ...more })).search
}

async function idsOf(query: string, more: object = {}, user = reader): Promise<string[]> {
  const { edges, totalCount } = await search(query, more, user)
  assert.equal(totalCount, edges.length)
  return edges.map(({ node }) => node.node.id)
}

async function published(input: object): Promise<NodeFields> {
  const node = await content.created('ben', { title: 'Untitled', ...input })
  return content.done(content.publish('ben', { id: node.id }))
}

/** A word that no other test has. */
const word = () => `w${randomUUID().replaceAll('-', '')}`

test('finds words in their other forms, by the rules of each language', async () => {
  const mark = word()
  const english = await published({ title: 'Ponies', body: `${mark} They were running.` })
  const german = await published({ title: 'Häuser', body: `${mark} am Hang`, locale: 'de-CH' })
  const other = await published({ title: 'Hestar', body: `${mark} hlaupandi`, locale: 'is' })
  assert.deepEqual(await idsOf(`${mark} pony run`), [english.id])
  assert.deepEqual(await idsOf(`${mark} haus`), [german.id])
  assert.deepEqual(await idsOf(`${mark} HESTAR`), [other.id])
  assert.deepEqual(await idsOf(`${mark} hestur`), [])
  assert.deepEqual(await idsOf(`${mark} -pony`, { locale: 'en' }), [])
  assert.deepEqual(await idsOf(mark, { locale: 'de' }), [german.id])
  assert.deepEqual(await idsOf(mark, { locale: 'de-ch' }), [german.id])
  assert.deepEqual(await idsOf(mark, { locale: 'de-AT' }), [])
  assert.deepEqual(await idsOf(`${mark} "ponies running"`), [])
  assert.deepEqual((await idsOf(`${mark} pony or ${mark} haus`)).toSorted(), [english.id, german.id])
})

test('shows each node once, in the language that matches best', async () => {
  const mark = word()
  const node = await content.created('ben', { title: 'Hello', body: mark })
  const text = { id: node.id, version: 1, locale: 'de', title: `Hallo ${mark}`, body: mark }
  await content.done(content.translate('ben', text))
  await content.done(content.publish('ben', { id: node.id }))
  const { edges, totalCount } = await search(mark)
  assert.deepEqual([edges.length, totalCount, edges[0]?.node.locale], [1, 1, 'de'])
  assert.deepEqual(edges[0]?.node.title, [
    { text: 'Hallo ', match: false },
    { text: mark, match: true },
  ])
})

test('finds what readers see, from the moment that they do until they do no more', async () => {
  const [old, next, tag] = [word(), word(), word()]
  const node = await content.created('ben', { title: old, tags: [tag] })
  const { id } = node
  assert.deepEqual(await idsOf(old, {}, 'ben'), [])
  await content.done(content.publish('ben', { id }))
  assert.deepEqual([await idsOf(old), await idsOf(tag), await idsOf(next)], [[id], [id], []])
  assert.deepEqual(await idsOf(old, {}, 'chloe'), [])
  await content.done(content.update('ben', { id, version: 2, title: next }))
  assert.deepEqual([await idsOf(old), await idsOf(next), await idsOf(next, {}, 'ben')], [[id], [], []])
  await content.done(content.publish('ben', { id }))
  assert.deepEqual([await idsOf(old), await idsOf(next)], [[], [id]])
  await content.done(content.update('ben', { id, version: 4, tags: [] }))
  assert.deepEqual(await idsOf(tag), [])
  await content.done(content.unpublish('ben', { id }))
  assert.deepEqual(await idsOf(next), [])
  await content.done(content.publish('ben', { id }))
  assert.deepEqual(await idsOf(next), [id])
  await content.done(content.archive('ben', { id }))
  assert.deepEqual(await idsOf(next), [])
  assert.deepEqual(await idsOf(next, {}, 'ada'), [])
})

test('pages through every hit once, best first, and counts them', async () => {
  const mark = word()
  const bodies = ['', ' x', ` ${mark}`, ' y', ` ${mark} ${mark}`, ' z', '']
  for (const body of bodies) await published({ title: 'Hit', body: `${mark}${body}` })
  const best = await published({ title: mark })
  const seen: { id: string; rank: number }[] = []
  let after: string | null = null
  do {
    const { edges, pageInfo, totalCount } = await search(mark, { first: 3, after })
    assert.equal(totalCount, 8)
    seen.push(...edges.map(({ node }) => ({ id: node.node.id, rank: node.rank })))
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null
  } while (after !== null)
  assert.equal(new Set(seen.map(({ id }) => id)).size, 8)
  assert.equal(seen.length, 8)
  assert.equal(seen[0]?.id, best.id)
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => b.rank - a.rank || (a.id < b.id ? 1 : -1)),
  )
})

test('gives snippets as plain text, whatever is in the text', async () => {
  const mark = word()
  const title = `<b>${mark}</b> \u0002&amp;\u0003 "${mark}"`
  await published({
    title,
    body: `${'before '.repeat(100)}<script>alert(1)</script> \u0002${mark}\u0003 & so on ${'after '.repeat(100)}`,
  })
  const { node } = (await search(mark)).edges[0]!
  assert.equal(
    node.title.map(({ text }) => text).join(''),
    MARKS.reduce((text, mark) => text.replaceAll(mark, ' '), title),
  )
  for (const parts of [node.title, node.snippet]) {
    const found = parts.filter(({ match }) => match).map(({ text }) => text)
    assert.deepEqual([...new Set(found)], [mark])
  }
  const snippet = node.snippet.map(({ text }) => text).join('')
  assert.ok(MARKS.every((mark) => !snippet.includes(mark)) && !snippet.includes('<b>'))
  assert.ok(snippet.length < 500, snippet)
})

test('narrows by kind and tag', async () => {
  const [mark, tag] = [word(), word()]
  const page = await published({ title: mark, kind: 'PAGE', slug: word() })
  const tagged = await published({ title: mark, tags: [tag] })
  assert.deepEqual(await idsOf(mark, { kind: 'PAGE' }), [page.id])
  assert.deepEqual(await idsOf(mark, { tag: ` ${tag.toUpperCase()}` }), [tagged.id])
  assert.deepEqual(await idsOf(mark, { tag, kind: 'PAGE' }), [])
})

test('takes any text for a query, and names the argument that it cannot use', async () => {
  for (const query of [
    '"',
    "'",
    '-',
    'or',
    '\\',
    '!',
    ':*',
    'a <-> b',
    '&|()',
    '%',
    '🚀',
    'the',
    '" or "',
    '\u0002',
  ]) {
    const { totalCount, edges } = await search(query)
    assert.equal(edges.length, Math.min(totalCount, 20), JSON.stringify(query))
    await search(`${query} ${word()}`)
  }
  const wrong = [
    [{ query: ' ' }, ['query']],
    [{ query: 'x'.repeat(201) }, ['query']],
    [{ query: 'nul\0' }, ['query']],
    [{ query: 'x', locale: 'no language' }, ['locale']],
    [{ query: 'x', tag: 'nul\0' }, ['tag']],
    [{ query: '', first: 0, after: 'nonsense' }, ['first', 'after', 'query']],
  ] as const
  for (const [variables, fields] of wrong) {
    const { errors } = await content.send(reader, SEARCH, variables)
    assert.deepEqual(errors[0]?.extensions, { code: 'BAD_USER_INPUT', fields }, JSON.stringify(variables))
  }
})

test('has each text once, however often its event is published', async () => {
  const mark = word()
  const { id } = await published({ title: mark })
  await server.events.settled()
  const rows = () =>
    server.owner
      .selectFrom('content_search')
      .select(['node_id', 'locale', 'config', 'title'])
      .where('node_id', '=', id)
      .execute()
  const once = await rows()
  assert.deepEqual(once, [{ node_id: id, locale: 'en', config: 'english', title: mark }])
  await server.owner.deleteFrom('handled_events').where('handler', '=', 'content-search').execute()
  await server.owner
    .updateTable('outbox')
    .set({ published_at: null })
    .where('key', 'like', `%${id}`)
    .execute()
  await server.events.settled()
  assert.deepEqual(await rows(), once)
})

test('finds what the demo has', async () => {
  const { edges } = await search('anvils falling down', { locale: 'de' })
  assert.deepEqual(edges, [])
  const hits = await search('Amboss Helm')
  assert.deepEqual(
    hits.edges.map(({ node }) => node.node.title),
    ['Anvil safety, part one'],
  )
})
