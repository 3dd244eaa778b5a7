/** Nodes of several kinds: editing by version, tags, addresses, translations, drafts beside what is published, the archive. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import { commerceOf } from '../support/commerce-client.ts'
import { contentOf, type NodeFields } from '../support/content-client.ts'
import { sharedServer as server } from '../support/shared-server.ts'

const content = contentOf(server)
/** A customer of acme, who reads what is published. */
let reader = ''

before(async () => {
  reader = await content.newUser('ada', 'CUSTOMER')
})

async function published(user: string, input: object = {}): Promise<NodeFields> {
  const node = await content.created(user, { title: 'First', body: 'One', ...input })
  return content.done(content.publish(user, { id: node.id }))
}

const SEEN = `query ($id: ID!, $locale: String!) { node(id: $id) { title body version status tags slug
  text(locale: $locale) { locale title } draft { title editor { id } } } }`
interface Seen {
  node: {
    title: string
    body: string
    version: number
    status: string
    tags: string[]
    slug: string | null
    text: { locale: string; title: string }
    draft: { title: string; editor: { id: string } } | null
  } | null
}
const seenBy = async (user: string, id: string, locale = 'en') =>
  (await content.as<Seen>(user, SEEN, { id, locale })).node

test('changes a draft in place, and only the version that was read', async () => {
  const node = await content.created('ben', { title: 'Old', body: 'Body', tags: ['A', 'b', 'a'] })
  assert.deepEqual([node.version, node.kind, node.locale, node.tags], [1, 'ARTICLE', 'en', ['a', 'b']])
  const changed = await content.done(content.update('ben', { id: node.id, version: 1, title: ' New ' }))
  assert.deepEqual([changed.title, changed.version, changed.tags], ['New', 2, ['a', 'b']])
  const late = await content.update('ben', { id: node.id, version: 1, title: 'Late' })
  assert.deepEqual(
    late.errors.map(({ __typename, currentVersion }) => [__typename, currentVersion]),
    [['VersionConflictError', 2]],
  )
  const seen = await seenBy('ben', node.id)
  assert.deepEqual([seen?.title, seen?.body, seen?.draft], ['New', 'Body', null])
})

test('lets one of two who edit the same version at once win, and tells the other', async () => {
  const node = await content.created('ada', {})
  const both = await Promise.all(
    ['Left', 'Right'].map((title) => content.update('ada', { id: node.id, version: 1, title })),
  )
  assert.deepEqual(
    both.flatMap(({ errors }) => errors.map(({ __typename }) => __typename)),
    ['VersionConflictError'],
  )
})

test('names each field of a change that is wrong, and changes nothing', async () => {
  const node = await content.created('ada', {})
  const { errors } = await content.update('ada', {
    id: node.id,
    version: 1,
    title: ' ',
    slug: 'Not A Slug',
    tags: ['fine', ''],
  })
  assert.deepEqual(
    errors.map(({ __typename, field }) => [__typename, field]),
    [
      ['InvalidInputError', 'title'],
      ['InvalidInputError', 'slug'],
      ['InvalidInputError', 'tags.1'],
    ],
  )
  assert.equal((await seenBy('ada', node.id))?.version, 1)
})

test('gives an address to one node of a language only, whoever is first', async () => {
  const slug = `slug-${randomUUID()}`
  const first = await content.created('ada', { slug })
  const taken = await content.create('ben', { title: 'Second', slug })
  assert.deepEqual([taken.node, taken.errors.map(({ field }) => field)], [null, ['slug']])
  const german = await content.created('ben', { title: 'Zweitens', slug, locale: 'de' })
  const find = async (locale: string, user = 'ada') => {
    const query =
      'query ($slug: String!, $locale: String!) { nodeBySlug(slug: $slug, locale: $locale) { id } }'
    const { nodeBySlug } = await content.as<{ nodeBySlug: { id: string } | null }>(user, query, {
      slug,
      locale,
    })
    return nodeBySlug?.id
  }
  assert.equal(await find('en'), first.id)
  assert.equal(await find('de-CH'), german.id)
  assert.equal(await find('fr'), undefined)
  assert.equal(await find('en', 'chloe'), undefined)
  const both = await Promise.all(
    ['ada', 'ben'].map((user) => content.create(user, { title: 'Race', slug: `${slug}-race` })),
  )
  assert.equal(both.filter(({ node }) => node !== null).length, 1)
  await content.done(content.update('ada', { id: first.id, version: 1, slug: '' }))
  await content.created('ben', { slug })
})

test('holds each kind to its own rules', async () => {
  const page = await content.created('ada', { kind: 'PAGE' })
  const refused = await content.publish('ada', { id: page.id })
  assert.deepEqual(
    refused.errors.map(({ __typename }) => __typename),
    ['WrongStateError'],
  )
  assert.match(refused.errors[0]!.message, /slug/)
  const slug = `page-${randomUUID()}`
  await content.done(content.update('ada', { id: page.id, version: 1, slug }))
  await content.done(content.publish('ada', { id: page.id }))
  const kept = await content.update('ada', { id: page.id, version: 3, slug: '' })
  assert.equal(kept.errors[0]?.__typename, 'WrongStateError')

  const shop = commerceOf(server)
  const variants = [{ sku: randomUUID(), title: 'x', price: { amountMinor: 1, currency: 'EUR' } }]
  const { product } = await shop.createProduct('ada', { title: 'Told of', variants })
  const without = await content.create('ada', { title: 'Story', kind: 'STORY' })
  assert.deepEqual(
    without.errors.map(({ field }) => field),
    ['productId'],
  )
  for (const productId of [randomUUID(), 'x', '\0']) {
    const unknown = await content.create('ada', { title: 'Story', kind: 'STORY', productId })
    assert.deepEqual(
      unknown.errors.map(({ field }) => field),
      ['productId'],
      productId,
    )
  }
  const story = await content.created('ada', { kind: 'STORY', productId: product!.id, body: '' })
  assert.match((await content.publish('ada', { id: story.id })).errors[0]!.message, /body/)
  await content.done(content.update('ada', { id: story.id, version: 1, body: 'Long ago' }))
  await content.done(content.publish('ada', { id: story.id }))
  const emptied = await content.done(content.update('ada', { id: story.id, version: 3, body: ' ' }))
  assert.match((await content.publish('ada', { id: story.id })).errors[0]!.message, /body/)
  assert.equal(emptied.status, 'PUBLISHED')
  const query = 'query ($id: ID!) { node(id: $id) { body product { title } draft { body } } }'
  assert.deepEqual(await content.as('ada', query, { id: story.id }), {
    node: { body: 'Long ago', product: { title: 'Told of' }, draft: { body: ' ' } },
  })
})

test('shows readers what is published while it is edited beside, until it is published again', async () => {
  const node = await published('ben')
  const edited = await content.done(content.update('ben', { id: node.id, version: 2, title: 'Second' }))
  assert.deepEqual([edited.title, edited.version, edited.status], ['First', 3, 'PUBLISHED'])
  await content.done(content.update('ada', { id: node.id, version: 3, body: 'Two' }))
  assert.deepEqual((await seenBy('ben', node.id))?.draft, { title: 'Second', editor: { id: 'ada' } })
  const read = await seenBy(reader, node.id)
  assert.deepEqual([read?.title, read?.body, read?.draft], ['First', 'One', null])

  const again = await content.done(content.publish('ben', { id: node.id, version: 4 }))
  assert.deepEqual([again.title, again.version], ['Second', 5])
  const now = await seenBy(reader, node.id)
  assert.deepEqual([now?.title, now?.body], ['Second', 'Two'])
  assert.equal((await seenBy('ben', node.id))?.draft, null)

  await content.done(content.update('ben', { id: node.id, version: 5, title: 'Third' }))
  await content.done(content.discard('ben', { id: node.id }))
  await content.done(content.publish('ben', { id: node.id }))
  assert.equal((await seenBy('ben', node.id))?.title, 'Second')
})

test('serves the closest language that there is, and keeps a new one from readers until it is published', async () => {
  const node = await content.created('ben', { title: 'Hello', body: 'x' })
  const translate = (version: number, locale: string, title: string) =>
    content.translate('ben', { id: node.id, version, locale, title })
  await content.done(translate(1, 'de', 'Hallo'))
  await content.done(translate(2, 'pt-br', 'Olá'))
  await content.done(content.publish('ben', { id: node.id }))
  await content.done(translate(4, 'de-ch', 'Grüezi'))
  const title = async (user: string, locale: string) => {
    const seen = await seenBy(user, node.id, locale)
    return [seen?.text.locale, seen?.text.title]
  }
  assert.deepEqual(await title(reader, 'DE-ch'), ['de', 'Hallo'])
  assert.deepEqual(await title(reader, 'pt-BR'), ['pt-BR', 'Olá'])
  assert.deepEqual(await title(reader, 'pt'), ['en', 'Hello'])
  assert.deepEqual(await title(reader, 'fr'), ['en', 'Hello'])
  await content.done(content.publish('ben', { id: node.id }))
  assert.deepEqual(await title(reader, 'de-CH'), ['de-CH', 'Grüezi'])

  const query = `query ($id: ID!, $after: String) { node(id: $id) {
    translations(first: 2, after: $after) { edges { node { locale } } pageInfo { hasNextPage endCursor } } } }`
  interface Page {
    node: {
      translations: {
        edges: { node: { locale: string } }[]
        pageInfo: { hasNextPage: boolean; endCursor: string }
      }
    }
  }
  const first = (await content.as<Page>(reader, query, { id: node.id })).node.translations
  const after = first.pageInfo.endCursor
  const second = (await content.as<Page>(reader, query, { id: node.id, after })).node.translations
  assert.deepEqual(
    [...first.edges, ...second.edges].map(({ node }) => node.locale),
    ['de', 'de-CH', 'pt-BR'],
  )
  assert.deepEqual([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage], [true, false])

  const own = await translate(6, 'EN', 'x')
  assert.deepEqual(
    own.errors.map(({ field }) => field),
    ['locale'],
  )
  await content.done(content.removeTranslation('ben', { id: node.id, version: 6, locale: 'de-ch' }))
  assert.deepEqual(await title(reader, 'de-CH'), ['de', 'Hallo'])
  const gone = await content.removeTranslation('ben', { id: node.id, version: 7, locale: 'fr' })
  assert.deepEqual(
    gone.errors.map(({ field }) => field),
    ['locale'],
  )
  const { errors } = await content.send('ben', SEEN, { id: node.id, locale: 'no language' })
  assert.deepEqual(errors[0]?.extensions?.fields, ['locale'])
})

test('takes a node out of sight and back, and counts it where it is', async () => {
  interface Stats {
    contentStats: { drafts: number; published: number; archived: number }
  }
  const stats = async () => {
    await server.events.settled()
    const query = '{ contentStats { drafts published archived } }'
    return Object.values((await content.as<Stats>('ada', query)).contentStats)
  }
  const node = await content.created('ben', { title: 'Comes and goes', body: 'x' })
  const [drafts, live, archived] = (await stats()) as [number, number, number]
  const now = async () => {
    const found = (await stats()) as [number, number, number]
    return [found[0] - drafts, found[1] - live, found[2] - archived]
  }
  const { id } = node
  await content.done(content.publish('ben', { id }))
  assert.deepEqual(await now(), [-1, 1, 0])
  await content.done(content.update('ben', { id, version: 2, title: 'Edited' }))
  const draft = await content.done(content.unpublish('ben', { id }))
  assert.deepEqual([draft.status, draft.title], ['DRAFT', 'Edited'])
  assert.deepEqual(await now(), [0, 0, 0])
  assert.equal(await seenBy(reader, id), null)
  await content.done(content.archive('ben', { id }))
  assert.deepEqual(await now(), [-1, 0, 1])
  for (const change of [
    content.update('ben', { id, version: 5, title: 'No' }),
    content.publish('ben', { id }),
    content.unpublish('ben', { id }),
  ]) {
    assert.equal((await change).errors[0]?.__typename, 'WrongStateError')
  }
  const listed = async (status: string) => {
    const query = `{ nodes(first: 100${status}) { edges { node { id } } } }`
    const { nodes } = await content.as<{ nodes: { edges: { node: { id: string } }[] } }>('ada', query)
    return nodes.edges.some((edge) => edge.node.id === id)
  }
  assert.deepEqual([await listed(''), await listed(', status: ARCHIVED')], [false, true])
  assert.equal((await content.done(content.restore('ben', { id }))).status, 'DRAFT')
  assert.deepEqual(await now(), [0, 0, 0])
  await content.done(content.publish('ben', { id }))
  await content.done(content.archive('ben', { id }))
  assert.deepEqual(await now(), [-1, 0, 1])
})

test('lists by kind, tag and author, and what is published alone to readers', async () => {
  const tag = `tag ${randomUUID()}`
  const slug = `s-${randomUUID()}`
  const page = await published('ada', { kind: 'PAGE', slug, tags: [tag] })
  const article = await content.created('ben', { tags: [tag, 'other'] })
  interface List {
    nodes: { totalCount: number; edges: { node: { id: string } }[] }
  }
  const list = async (user: string, more: object) => {
    const query = `query ($tag: String, $kind: NodeKind, $authorId: ID, $status: NodeStatus) {
      nodes(tag: $tag, kind: $kind, authorId: $authorId, status: $status) { totalCount edges { node { id } } } }`
    const { nodes } = await content.as<List>(user, query, { tag, ...more })
    const ids = nodes.edges.map(({ node }) => node.id)
    assert.equal(nodes.totalCount, ids.length)
    return ids
  }
  assert.deepEqual(await list('ada', {}), [article.id, page.id])
  assert.deepEqual(await list('ada', { tag: tag.toUpperCase() }), [article.id, page.id])
  assert.deepEqual(await list('ada', { kind: 'PAGE' }), [page.id])
  assert.deepEqual(await list('ada', { authorId: 'ben' }), [article.id])
  assert.deepEqual(await list('ada', { status: 'DRAFT', kind: 'PAGE' }), [])
  assert.deepEqual(await list('ada', { tag: '\0' }), [])
  assert.deepEqual(await list(reader, {}), [page.id])
  assert.deepEqual(await list(reader, { status: 'DRAFT' }), [])
  assert.deepEqual(await list('chloe', {}), [])
  assert.equal(await seenBy(reader, article.id), null)
  const count = async (user: string) => {
    interface Tags {
      tags: { edges: { node: { name: string; nodeCount: number } }[] }
    }
    const { tags } = await content.as<Tags>(
      user,
      '{ tags(first: 100) { edges { node { name nodeCount } } } }',
    )
    return tags.edges.find(({ node }) => node.name === tag)?.node.nodeCount
  }
  assert.deepEqual([await count('ada'), await count(reader)], [2, 1])
})

test('lets readers change nothing, and authors what they wrote', async () => {
  const node = await published('ada')
  const draft = await content.created('ada', {})
  for (const change of ['publish', 'unpublish', 'archive', 'restore', 'discard'] as const) {
    assert.equal(
      (await content[change]('ben', { id: node.id })).errors[0]?.__typename,
      'ForbiddenError',
      change,
    )
    assert.equal((await content[change](reader, { id: draft.id })).errors[0]?.__typename, 'NotFoundError')
  }
  const update = await content.update('ben', { id: node.id, version: 2, title: 'x' })
  assert.equal(update.errors[0]?.__typename, 'ForbiddenError')
  const create = await content.create(reader, { title: 'x' })
  assert.equal(create.errors[0]?.__typename, 'ForbiddenError')
  assert.equal((await seenBy('ada', node.id))?.version, 2)
})
