/** The live tail as a browser sees it: events over HTTP from a running Lens. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { KeyValue, TraceRequest } from '@rustok/otlp'
import type { Problem, TailSkipped, TailSpan, TraceSummary } from '../../src/api/contract.ts'
import { EventReader } from '../support/event-reader.ts'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, hex, request, span, traceId } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'
import { tokenFile } from '../support/token-file.ts'

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
})
after(() => lens[Symbol.asyncDispose]())

function open(
  parameters: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
) {
  return EventReader.open(`${lens.urls.ui}/api/lens/tail?${new URLSearchParams(parameters)}`, headers)
}

interface Sent {
  readonly id: string
  readonly request: TraceRequest
}

function trace(values: Readonly<Record<string, KeyValue['value']>>, { failed = false } = {}): Sent {
  const id = traceId()
  const made = span({
    traceId: id,
    startTimeUnixNano: BigInt(Date.now()) * 1_000_000n,
    attributes: attributes(values),
    status: { code: failed ? 2 : 0, message: '' },
  })
  return { id: hex(id), request: request('shop', [made]) }
}

test('shows what arrives and matches, and nothing else', async () => {
  await lens.send(trace({ tenant_id: 'acme', note: 'before' }).request)
  await using reader = await open({ tenant: 'acme', query: 'note = "tell"' })
  const { data } = await reader.next('open')
  assert.equal((data as { unit: string }).unit, 'traces')
  const wanted = trace({ tenant_id: 'acme', note: 'tell' })
  for (const { request } of [
    trace({ tenant_id: 'globex', note: 'tell' }),
    trace({ tenant_id: 'acme' }),
    wanted,
  ]) {
    await lens.send(request)
  }
  const shown = (await reader.next('trace')).data as TraceSummary
  assert.deepEqual([shown.traceId, shown.tenants, shown.spanCount], [wanted.id, ['acme'], 1])
  const other = trace({ tenant_id: 'acme', note: 'tell' })
  await lens.send(other.request)
  assert.equal(((await reader.next('trace')).data as TraceSummary).traceId, other.id)
  assert.deepEqual(reader.seen('skipped'), [])
})

test('shows spans by themselves, and those that are sent again once', async () => {
  await using reader = await open({ unit: 'spans', status: 'error' })
  await reader.next('open')
  const failed = trace({ tenant_id: 'acme' }, { failed: true })
  await lens.send(trace({ tenant_id: 'acme' }).request)
  await lens.send(failed.request)
  const shown = (await reader.next('span')).data as TailSpan
  assert.deepEqual(
    [shown.traceId, shown.tenant, shown.status, shown.kind],
    [failed.id, 'acme', 'error', 'server'],
  )
  await lens.send(failed.request)
  const last = trace({ tenant_id: 'acme' }, { failed: true })
  await lens.send(last.request)
  assert.equal(((await reader.next('span')).data as TailSpan).traceId, last.id)
})

test('shows as many as the rate allows, and counts the others', async () => {
  await using reader = await open({ unit: 'spans', rate: '2', service: 'flood' })
  await reader.next('open')
  const spans = Array.from({ length: 40 }, () => span({ startTimeUnixNano: BigInt(Date.now()) * 1_000_000n }))
  await lens.send(request('flood', spans))
  const { data } = await reader.next('skipped')
  const { spans: missed, reason } = data as TailSkipped
  assert.equal(reason, 'rate')
  assert.equal(reader.seen('span').length + (missed ?? 0), 40)
  assert.ok(reader.seen('span').length <= 6)
})

test('goes on where a client was that comes back', async () => {
  const reader = await open({ service: 'resume' })
  await reader.next('open')
  await lens.send(request('resume', [span({ startTimeUnixNano: BigInt(Date.now()) * 1_000_000n })]))
  const { id } = await reader.next('trace')
  await reader[Symbol.asyncDispose]()
  const missed = span({ startTimeUnixNano: BigInt(Date.now()) * 1_000_000n })
  await lens.send(request('resume', [missed]))
  await using again = await open({ service: 'resume' }, { 'last-event-id': id ?? '' })
  const shown = [await again.next('trace')].map(({ data }) => (data as TraceSummary).traceId)
  // The first one arrived in the second that the id names, or before it.
  assert.deepEqual(shown, [hex(missed.traceId)])
})

test('is no answer to a page of another site, nor for a cache', async () => {
  await using reader = await open()
  assert.equal(reader.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(reader.headers.get('cache-control'), 'no-store')
  assert.equal(reader.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(reader.headers.get('cross-origin-resource-policy'), 'same-origin')
})

test('names the parameter that is wrong', async () => {
  const wrong: [Record<string, string>, string][] = [
    [{ unit: 'logs' }, 'unit'],
    [{ rate: '0' }, 'rate'],
    [{ rate: '101' }, 'rate'],
    [{ start: '0' }, 'start'],
    [{ limit: '5' }, 'limit'],
    [{ query: 'note = "' }, 'query'],
    [{ colour: 'red' }, 'colour'],
  ]
  for (const [parameters, name] of wrong) {
    assert.equal((await lens.get<Problem>('/api/lens/tail', parameters, 400)).parameter, name)
  }
})

test('refuses more tails than a client may have, until one ends', async () => {
  const readers = await Promise.all(Array.from({ length: 16 }, () => open()))
  const { title } = await lens.get<Problem>('/api/lens/tail', {}, 429)
  assert.equal(title, 'Too Many Requests')
  await readers[0]?.[Symbol.asyncDispose]()
  await using _ = await openEventually()
  await Promise.all(readers.map((reader) => reader[Symbol.asyncDispose]()))
})

/** The server hears of a closed connection when it does. */
async function openEventually(): Promise<EventReader> {
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!String(error).includes('429')) throw error
    }
  }
}

test('shows the tenants of its token, and ends when the token is taken back', async () => {
  await using directory = await TemporaryDirectory.create()
  const { path, tokens } = await tokenFile(directory, {
    sender: { role: 'ingest', tenants: ['*'] },
    acme: { role: 'read', tenants: ['acme'] },
  })
  await using locked = await RunningLens.start({ LENS_TOKENS_FILE: path })
  const url = `${locked.urls.ui}/api/lens/tail?unit=spans`
  await assert.rejects(EventReader.open(url), /401/)
  await using reader = await EventReader.open(url, { authorization: `Bearer ${tokens.acme}` })
  await reader.next('open')
  const own = trace({ tenant_id: 'acme' })
  await locked.send(trace({ tenant_id: 'globex' }).request, tokens.sender)
  await locked.send(own.request, tokens.sender)
  assert.equal(((await reader.next('span')).data as TailSpan).traceId, own.id)
  assert.deepEqual([reader.seen('span').length, reader.seen('skipped').length], [1, 0])
  await writeFile(path, JSON.stringify({ tokens: [] }))
  await locked.lens.reload()
  assert.deepEqual((await reader.next('end')).data, { reason: 'access' })
})

test('tells its clients when Lens stops, and does not keep it', async () => {
  await using stopping = await RunningLens.start()
  await using reader = await EventReader.open(`${stopping.urls.ui}/api/lens/tail`)
  await reader.next('open')
  await stopping.lens.close()
  assert.deepEqual((await reader.next('end')).data, { reason: 'shutdown' })
  assert.equal(await reader.ended, true)
})
