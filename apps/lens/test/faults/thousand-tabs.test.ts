/** A thousand tabs that all ask at once: spans are taken meanwhile, and when the tabs are closed, whoever is left is answered. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/processes.ts'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, hex, request, span } from '../support/spans.ts'

const tabs = 1_000
const answers = new Set([200, 422, 429, 503])

test('takes spans while a thousand tabs wait for their answers, and forgets tabs that are closed', async () => {
  await using lens = await RunningLens.start()
  const many = Array.from({ length: 5_000 }, (_, index) =>
    span({ name: `GET /${index % 50}`, attributes: attributes({ index, text: `words of span ${index}` }) }),
  )
  await lens.send(request('shop', many))

  const closing = new AbortController()
  const seen = new Set<number>()
  let answered = 0
  const asked = Array.from({ length: tabs }, async (_, index) => {
    const path = index % 2 === 0 ? 'facets' : 'heatmap'
    const response = await fetch(`${lens.urls.ui}/api/lens/${path}?text=span ${index}&lookback=24h`, {
      signal: closing.signal,
    })
    await response.text()
    seen.add(response.status)
    answered++
  })
  const settled = Promise.allSettled(asked)

  const sent = Array.from({ length: 2 }, () => span())
  for (const one of sent) await lens.send(request('shop', [one]))
  // Had they waited for the queries that were asked before them, all would be answered by now.
  assert.ok(answered < tabs, `${answered} tabs were answered first`)
  closing.abort()
  await settled
  assert.deepEqual(
    [...seen].filter((status) => !answers.has(status)),
    [],
  )

  const status = async (id: string) => (await fetch(`${lens.urls.ui}/api/lens/traces/${id}`)).status
  for (const one of sent) await until(async () => (await status(hex(one.traceId))) === 200)
})
