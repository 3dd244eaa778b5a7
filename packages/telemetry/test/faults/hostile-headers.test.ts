/** What strangers send as trace context to a real HTTP server: every text, far too much of it. The request is answered, its span arrives. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { context, propagation } from '@opentelemetry/api'
import fc from 'fast-check'
import { openRaw } from '../support/raw-http.ts'
import { line, ok, serving } from '../support/serving.ts'
import { traced } from '../support/traced.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const valid = `00-${traceId}-b7ad6b7169203331-01`
/** Bytes that Node's parser takes in a header. */
const headerText = (constraints: fc.StringConstraints = {}) =>
  fc.string({
    ...constraints,
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
  })
/** One byte of a valid header replaced, left out or doubled. */
const nearly = fc
  .tuple(fc.nat({ max: valid.length - 1 }), headerText({ maxLength: 2 }), fc.boolean())
  .map(([at, text, keep]) => valid.slice(0, at) + text + valid.slice(keep ? at : at + 1))

suite('headers of trace context', () => {
  test('with any text in them are answered, and every request has its span, in a trace that is valid', async () => {
    const requests = 400
    const { spans, ledger } = await serving(ok, async (port) => {
      const { socket, exchange } = await openRaw(port)
      const names = fc.constantFrom(
        'traceparent',
        'tracestate',
        'baggage',
        'b3',
        'x-b3-traceid',
        'uber-trace-id',
      )
      const headers = fc.array(
        fc.oneof(
          fc.tuple(fc.constant('traceparent'), fc.oneof(nearly, fc.constant(valid))),
          fc.tuple(names, headerText({ maxLength: 200 })),
        ),
        { maxLength: 6 },
      )
      const property = fc.asyncProperty(headers, async (headers) => {
        const text = line('/', ...headers.map(([name, value]) => `${name}: ${value}`))
        assert.match(await exchange(text), /^HTTP\/1\.1 200 /)
      })
      await fc.assert(property, { numRuns: requests })
      socket.destroy()
    })
    assert.equal(spans.length, requests)
    assert.equal(ledger.created, ledger.exported)
    for (const span of spans) {
      assert.match(span.traceId, /^(?!0{32})[0-9a-f]{32}$/)
      assert.match(span.spanId, /^(?!0{16})[0-9a-f]{16}$/)
    }
    const continued = spans.filter((span) => span.traceId === traceId)
    assert.ok(continued.length > 0 && continued.length < requests, `${continued.length} continued`)
  })

  test('of a megabyte are read up to their limits, and what goes out stays within them', async () => {
    const large = { maxHeaderSize: 4 * 1024 * 1024 }
    const mebi = 1024 * 1024
    let sent: Record<string, string> = {}
    const server = createServer(large, (_, response) => {
      sent = {}
      propagation.inject(context.active(), sent)
      response.end('ok')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      const { spans } = await traced(
        async () => {
          const { socket, exchange } = await openRaw(port)
          const members = Array.from({ length: mebi / 16 }, (_, i) => `key${i}=value${i}`).join(',')
          for (const header of [
            `baggage: ${members.slice(0, mebi)}`,
            `baggage: ${'k'.repeat(mebi)}=v`,
            `baggage: k=${'%41'.repeat(mebi / 3)}`,
            `tracestate: ${members.slice(0, mebi)}`,
            `traceparent: 00-${'1'.repeat(mebi)}`,
          ]) {
            const headers = header.startsWith('traceparent') ? [header] : [`traceparent: ${valid}`, header]
            assert.match(await exchange(line('/', ...headers)), /^HTTP\/1\.1 200 /)
            assert.ok((sent.baggage ?? '').length <= 8192, header.slice(0, 20))
            assert.ok((sent.tracestate ?? '').length <= 512, header.slice(0, 20))
          }
          socket.destroy()
        },
        { without: ['undici', 'http-client'] },
      )
      assert.equal(spans.length, 5)
      assert.equal(spans.filter((span) => span.traceId === traceId).length, 4)
    } finally {
      server.close()
    }
  })
})
