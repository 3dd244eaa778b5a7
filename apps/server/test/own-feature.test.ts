/** The page `YOUR_OWN_FEATURE.md`, followed to the letter in a copy of the server, which does what the page says. Its types: `npm run soak -- own-feature`. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { unpackEmptyCluster } from './support/empty-cluster.ts'
import { dataOf, sendGraphQL } from './support/graphql-client.ts'
import { copyServer } from './support/own-feature.ts'
import { ServerProcess } from './support/server-process.ts'
import { drawTree, startSpanReceiver } from './support/span-receiver.ts'

const workspace = mkdtempSync(path.join(tmpdir(), 'rustok-own-feature-'))
after(() => rmSync(workspace, { recursive: true, force: true }))

const REVIEW = `mutation Review($id: ID!, $stars: Int!) {
  reviewProduct(productId: $id, stars: $stars) { stars errors { __typename message } }
}`
const RATINGS = 'query Ratings { products(first: 10) { edges { node { id rating { reviews average } } } } }'

interface Ratings {
  readonly products: {
    readonly edges: readonly { node: { id: string; rating: { reviews: number; average: number } | null } }[]
  }
}

test('a feature of one’s own is written as the page says, and is isolated, traced and counted', {
  timeout: 180_000,
}, async () => {
  const { main, files, changes } = copyServer(workspace)
  assert.ok(files.length >= 5 && changes >= 10)
  const receiver = await startSpanReceiver()
  const dataDir = path.join(workspace, 'data')
  await unpackEmptyCluster(dataDir)
  const running = new ServerProcess(
    {
      RUSTOK_DATA_DIR: dataDir,
      OTEL_ENABLED: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
    [],
    main,
  )
  try {
    const { url, demo } = await running.ready()
    const tokenOf = (id: string) =>
      demo?.tenants.flatMap(({ users }) => users).find((user) => user.id === id)?.token
    const review = (user: string, id: string, stars: number) =>
      sendGraphQL<{ reviewProduct: { stars: number | null; errors: { __typename: string }[] } }>(
        url,
        REVIEW,
        {
          token: tokenOf(user),
          variables: { id, stars },
        },
      )
    const ratings = async (user: string) =>
      (await dataOf(sendGraphQL<Ratings>(url, RATINGS, { token: tokenOf(user) }))).products.edges

    const product = (await ratings('ada'))[0]!.node
    assert.equal(product.rating, null)
    const first = await review('ada', product.id, 2)
    assert.deepEqual(first.data?.reviewProduct, { stars: 2, errors: [] })
    await review('ben', product.id, 5)
    await review('ada', product.id, 4)
    const refusals: [answer: Awaited<ReturnType<typeof review>>, type: string][] = [
      [await review('ada', product.id, 6), 'InvalidInputError'],
      // A product of Acme, to a user of Globex.
      [await review('dev', product.id, 1), 'NotFoundError'],
    ]
    for (const [{ data }, type] of refusals) assert.equal(data?.reviewProduct.errors[0]?.__typename, type)

    for (;;) {
      const found = (await ratings('ben')).find(({ node }) => node.id === product.id)?.node.rating
      if (found?.reviews === 2 && found.average === 4.5) break
      await setTimeout(100)
    }
    assert.ok((await ratings('dev')).every(({ node }) => node.rating === null))
    assert.match(
      await (await fetch(`${url}/metrics`)).text(),
      /^rustok_review_operation_duration_seconds_count\{operation="review",outcome="ok"\} 3$/m,
    )

    await running.kill('SIGTERM')
    const spans = receiver.ofTrace(first.headers.get('x-trace-id')!)
    for (const name of [
      'reviews.review',
      'INSERT reviews',
      'process reviews.review.written',
      'INSERT product_ratings',
    ]) {
      assert.ok(
        spans.some((span) => span.name === name),
        `${name} in\n${drawTree(spans)}`,
      )
    }
    assert.ok(
      spans.every(({ attributes }) => attributes.tenant_id === 'acme' && attributes.user_id === 'ada'),
    )
  } finally {
    await running.kill()
    receiver.close()
  }
})
