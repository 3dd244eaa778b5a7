/** W3C Trace Context: the cases of its validation service, over a real server and a real fetch, and round trips with the official propagator. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import {
  createTraceState,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api'
import { suppressTracing, W3CTraceContextPropagator } from '@opentelemetry/core'
import fc from 'fast-check'
import { OtelConfig } from '../src/config.ts'
import { TraceContextPropagator } from '../src/context/trace-context-propagator.ts'
import { initTracing, shutdown } from '../src/tracing.ts'
import { anyCharacter } from './support/any-character.ts'

const traceId = '12345678901234567890123456789012'
const parentId = '1234567890123456'
const valid = `00-${traceId}-${parentId}-01`

/** A service that calls another one for each request, and what the other one gets to see. */
suite('a service between two others', () => {
  let service: Server
  let callee: Server
  let sent: string[][] = []

  before(async () => {
    // Our own client would begin the trace that the tests bring by hand.
    await initTracing(new OtelConfig({ logLevel: 'none' }), { without: ['http-client'] })
    callee = createServer((incoming, response) => {
      sent.push(incoming.rawHeaders)
      response.end()
    }).listen(0, '127.0.0.1')
    service = createServer(async (_, response) => {
      const { port } = callee.address() as AddressInfo
      await (await fetch(`http://127.0.0.1:${port}/`)).text()
      response.end()
    }).listen(0, '127.0.0.1')
    await Promise.all([once(callee, 'listening'), once(service, 'listening')])
  })
  after(async () => {
    for (const server of [service, callee]) {
      server.closeAllConnections()
      server.close()
    }
    await shutdown()
  })

  /** Sends the headers as they are; the trace context that the service sent on. */
  async function forward(...headers: [name: string, value: string][]) {
    sent = []
    const { port } = service.address() as AddressInfo
    const outgoing = request({ port, host: '127.0.0.1', headers: ['host', 'x', ...headers.flat()] as never })
    outgoing.end()
    const [incoming] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage]
    await incoming.resume().toArray()
    assert.equal(sent.length, 1)
    const values = (name: string) =>
      sent[0]!.filter((_, i) => i % 2 === 1 && sent[0]![i - 1]!.toLowerCase() === name)
    const traceparents = values('traceparent')
    assert.equal(traceparents.length, 1, 'one traceparent')
    assert.match(traceparents[0]!, /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/)
    assert.ok(values('tracestate').length <= 1, 'at most one tracestate')
    const [, id, parent, flags] = traceparents[0]!.split('-')
    return { id, parent, flags: Number.parseInt(flags!, 16), tracestate: values('tracestate')[0] }
  }

  test('without trace context a trace begins', async () => {
    const { flags, tracestate } = await forward()
    assert.equal(flags, 3)
    assert.equal(tracestate, undefined)
  })

  const continued: [string, ...[string, string][]][] = [
    ['a valid traceparent', ['traceparent', valid]],
    ['any casing of the header name', ['TRACEPARENT', valid]],
    ['mixed casing of the header name', ['TrAcEpArEnT', valid]],
    ['a future version', ['traceparent', `cc-${traceId}-${parentId}-01`]],
    [
      'a future version with more behind a dash',
      ['traceparent', `cc-${traceId}-${parentId}-01-what-will-be`],
    ],
    ['a space in front', ['traceparent', ` ${valid}`]],
    ['a tab in front', ['traceparent', `\t${valid}`]],
    ['a space behind', ['traceparent', `${valid} `]],
    ['a tab behind', ['traceparent', `${valid}\t`]],
    ['white space around', ['traceparent', `\t ${valid} \t`]],
  ]
  for (const [what, ...headers] of continued) {
    test(`${what} is continued with an id of our own`, async () => {
      const { id, parent, flags } = await forward(...headers)
      assert.equal(id, traceId)
      assert.notEqual(parent, parentId)
      assert.equal(flags & 1, 1)
    })
  }

  const restarted: [string, ...[string, string][]][] = [
    ['two traceparents', ['traceparent', valid], ['traceparent', valid]],
    ['a wrong header name', ['trace-parent', valid]],
    ['another wrong header name', ['trace.parent', valid]],
    ['version 00 with a dot behind', ['traceparent', `${valid}.`]],
    ['version 00 with more behind', ['traceparent', `${valid}-what-the-future-will-be-like`]],
    ['a future version with more, not behind a dash', ['traceparent', `cc-${traceId}-${parentId}-01.what`]],
    ['version ff', ['traceparent', `ff-${traceId}-${parentId}-01`]],
    ['a dot in the version', ['traceparent', `.0-${traceId}-${parentId}-01`]],
    ['a dot at the end of the version', ['traceparent', `0.-${traceId}-${parentId}-01`]],
    ['an uppercase version', ['traceparent', `CC-${traceId}-${parentId}-01`]],
    ['a version of three digits', ['traceparent', `000-${traceId}-${parentId}-01`]],
    ['a version of four digits', ['traceparent', `0000-${traceId}-${parentId}-01`]],
    ['a version of one digit', ['traceparent', `0-${traceId}-${parentId}-01`]],
    ['a trace id of zeros', ['traceparent', `00-${'0'.repeat(32)}-${parentId}-01`]],
    ['a dot in the trace id', ['traceparent', `00-.${traceId.slice(1)}-${parentId}-01`]],
    ['a dot at the end of the trace id', ['traceparent', `00-${traceId.slice(1)}.-${parentId}-01`]],
    ['an uppercase trace id', ['traceparent', `00-${'ABCDEF01'.repeat(4)}-${parentId}-01`]],
    ['a trace id too long', ['traceparent', `00-${traceId}3-${parentId}-01`]],
    ['a trace id too short', ['traceparent', `00-${traceId.slice(1)}-${parentId}-01`]],
    ['a parent id of zeros', ['traceparent', `00-${traceId}-${'0'.repeat(16)}-01`]],
    ['a dot in the parent id', ['traceparent', `00-${traceId}-.${parentId.slice(1)}-01`]],
    ['a dot at the end of the parent id', ['traceparent', `00-${traceId}-${parentId.slice(1)}.-01`]],
    ['an uppercase parent id', ['traceparent', `00-${traceId}-${'ABCDEF01'.repeat(2)}-01`]],
    ['a parent id too long', ['traceparent', `00-${traceId}-${parentId}7-01`]],
    ['a parent id too short', ['traceparent', `00-${traceId}-${parentId.slice(1)}-01`]],
    ['a dot in the flags', ['traceparent', `00-${traceId}-${parentId}-.0`]],
    ['a dot at the end of the flags', ['traceparent', `00-${traceId}-${parentId}-0.`]],
    ['uppercase flags', ['traceparent', `00-${traceId}-${parentId}-0A`]],
    ['flags too long', ['traceparent', `00-${traceId}-${parentId}-001`]],
    ['flags too short', ['traceparent', `00-${traceId}-${parentId}-1`]],
    ['an empty traceparent', ['traceparent', '']],
    ['a traceparent of 8 kB', ['traceparent', `00-${'1'.repeat(8000)}`]],
  ]
  for (const [what, ...headers] of restarted) {
    test(`${what} begins a new trace and leaves its tracestate behind`, async () => {
      const { id, tracestate } = await forward(...headers, ['tracestate', 'foo=1'])
      assert.notEqual(id, traceId)
      assert.equal(tracestate, undefined)
    })
  }

  test('tracestate without traceparent is left behind', async () => {
    assert.equal((await forward(['tracestate', 'foo=1,bar=2'])).tracestate, undefined)
  })

  test('three calls of one request carry one trace id', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => forwardOnce()))
    assert.deepEqual(new Set(ids), new Set([traceId]))
  })
  const forwardOnce = async () => {
    const { port } = service.address() as AddressInfo
    const before = sent.length
    await (await fetch(`http://127.0.0.1:${port}/`, { headers: { traceparent: valid } })).text()
    const headers = sent.slice(before).find((raw) => raw.some((value) => value.includes(traceId)))
    return headers?.find((value) => value.startsWith('00-'))?.split('-')[1]
  }

  test('unsampled stays unsampled, and the random flag is passed on', async () => {
    assert.equal((await forward(['traceparent', `00-${traceId}-${parentId}-00`])).flags, 0)
    assert.equal((await forward(['traceparent', `00-${traceId}-${parentId}-02`])).flags, 2)
    assert.equal((await forward(['traceparent', `00-${traceId}-${parentId}-03`])).flags, 3)
  })

  test('flags that nobody has defined are not passed on', async () => {
    assert.equal((await forward(['traceparent', `00-${traceId}-${parentId}-ff`])).flags, 3)
  })

  const keyWithoutVendor = 'abcdefghijklmnopqrstuvwxyz0123456789_-*/'
  const allValues = String.fromCharCode(
    ...Array.from({ length: 0x5f }, (_, i) => 0x20 + i).filter((code) => code !== 0x2c && code !== 0x3d),
  )
  const members = (count: number) =>
    Array.from(
      { length: count },
      (_, i) => `bar${String(i + 1).padStart(2, '0')}=${String(i + 1).padStart(2, '0')}`,
    )
  const states: [string, readonly string[], string | undefined][] = [
    ['one member', ['foo=1'], 'foo=1'],
    ['two members', ['foo=1,bar=2'], 'foo=1,bar=2'],
    ['an empty header', [''], undefined],
    ['an empty header behind', ['foo=1', ''], 'foo=1'],
    ['an empty header in front', ['', 'foo=1'], 'foo=1'],
    ['empty members', ['foo=1,,bar=2,'], 'foo=1,bar=2'],
    ['several headers', ['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'], 'foo=1,bar=2,rojo=1,congo=2,baz=3'],
    ['the same member twice', ['foo=1,foo=1'], 'foo=1'],
    ['a key twice', ['foo=1,foo=2'], 'foo=1'],
    ['a key twice in two headers', ['foo=1', 'foo=2'], 'foo=1'],
    ['all characters of a key', [`${keyWithoutVendor}=${allValues}`], `${keyWithoutVendor}=${allValues}`],
    ['a key with a vendor', [`${keyWithoutVendor}@a-z0-9_-*/=1`], `${keyWithoutVendor}@a-z0-9_-*/=1`],
    ['white space around members', ['foo=1 \t , \t bar=2, \t baz=3'], 'foo=1,bar=2,baz=3'],
    ['tabs around members', ['foo=1\t \t,\t \tbar=2,\t \tbaz=3'], 'foo=1,bar=2,baz=3'],
    ['white space around the header', ['\t foo=1 \t'], 'foo=1'],
    ['a space in a key', ['foo =1'], undefined],
    ['an uppercase key', ['FOO=1'], undefined],
    ['a dot in a key', ['foo.bar=1'], undefined],
    ['a key that ends with an at sign', ['foo@=1,bar=2'], 'foo@=1,bar=2'],
    ['a key that starts with an at sign', ['@foo=1,bar=2'], undefined],
    ['two at signs', ['foo@@bar=1,bar=2'], 'foo@@bar=1,bar=2'],
    ['at signs apart', ['foo@bar@baz=1,bar=2'], 'foo@bar@baz=1,bar=2'],
    ['32 members', members(32), members(32).join(',')],
    ['33 members', members(33), undefined],
    ['a key of 256', ['foo=1', `${'z'.repeat(256)}=1`], `foo=1,${'z'.repeat(256)}=1`],
    ['a key of 257', ['foo=1', `${'z'.repeat(257)}=1`], undefined],
    [
      'a tenant of 241',
      ['foo=1', `${'t'.repeat(241)}@${'v'.repeat(14)}=1`],
      `foo=1,${'t'.repeat(241)}@${'v'.repeat(14)}=1`,
    ],
    ['a tenant of 242', ['foo=1', `${'t'.repeat(242)}@v=1`], `foo=1,${'t'.repeat(242)}@v=1`],
    ['a vendor of 15', ['foo=1', `t@${'v'.repeat(15)}=1`], `foo=1,t@${'v'.repeat(15)}=1`],
    ['an equals sign in a value', ['foo=bar=baz'], undefined],
    ['an empty value', ['foo=,bar=3'], undefined],
    ['no equals sign', ['foo'], undefined],
    [
      '512 characters',
      [`a=1,b=${'x'.repeat(250)},c=${'y'.repeat(253)}`],
      `a=1,b=${'x'.repeat(250)},c=${'y'.repeat(253)}`,
    ],
    [
      '513 characters: the last long member goes',
      [`b=${'x'.repeat(250)},c=${'y'.repeat(254)},a=1`],
      `b=${'x'.repeat(250)},a=1`,
    ],
    [
      'many short members beyond 512: the last go',
      [Array.from({ length: 10 }, (_, i) => `k${i}=${'v'.repeat(60)}`).join(',')],
      Array.from({ length: 8 }, (_, i) => `k${i}=${'v'.repeat(60)}`).join(','),
    ],
  ]
  for (const [what, headers, expected] of states) {
    test(`tracestate with ${what} is ${expected === undefined ? 'discarded, the trace goes on' : 'passed on'}`, async () => {
      const { id, tracestate } = await forward(
        ['traceparent', `00-${traceId}-${parentId}-00`],
        ...headers.map((value): [string, string] => ['tracestate', value]),
      )
      assert.equal(id, traceId)
      assert.equal(tracestate, expected)
    })
  }

  test('tracestate is found under any casing', async () => {
    const { tracestate } = await forward(['traceparent', valid], ['TrAcEsTaTe', 'foo=1'])
    assert.equal(tracestate, 'foo=1')
  })
})

suite('beside the official propagator', () => {
  const ours = new TraceContextPropagator()
  const theirs = new W3CTraceContextPropagator()
  type Carrier = Record<string, unknown>
  const inject = (by: typeof ours | typeof theirs, context: SpanContext): Carrier => {
    const carrier: Carrier = {}
    by.inject(trace.setSpanContext(ROOT_CONTEXT, context), carrier, defaultTextMapSetter)
    return carrier
  }
  const extract = (by: typeof ours | typeof theirs, carrier: Carrier) =>
    trace.getSpanContext(by.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter))
  const plain = (context: SpanContext | undefined) =>
    context && {
      traceId: context.traceId,
      spanId: context.spanId,
      traceFlags: context.traceFlags & 3,
      isRemote: context.isRemote,
      traceState: context.traceState?.serialize() || undefined,
    }

  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
  const context: fc.Arbitrary<SpanContext> = fc.record(
    {
      traceId: fc.oneof(hex(32), fc.constantFrom('0'.repeat(32), 'f'.repeat(32))),
      spanId: fc.oneof(hex(16), fc.constantFrom('0'.repeat(16), 'f'.repeat(16))),
      traceFlags: fc.constantFrom(0, 1, 2, 3),
      traceState: fc.constantFrom('a=1', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE').map(createTraceState),
    },
    { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
  )

  test('both write the same headers', () => {
    fc.assert(fc.property(context, (given) => assert.deepEqual(inject(ours, given), inject(theirs, given))))
  })

  test('each reads what the other writes', () => {
    fc.assert(
      fc.property(context, (given) => {
        assert.deepEqual(
          plain(extract(ours, inject(theirs, given))),
          plain(extract(theirs, inject(ours, given))),
        )
      }),
    )
  })

  test('both read any text the same way', () => {
    const part = fc.oneof(hex(2), hex(16), hex(32), fc.constantFrom('00', '01', 'ff', '', 'FF'), fc.string())
    const text = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.array(part, { minLength: 3, maxLength: 6 }).map((parts) => parts.join('-')),
      fc.tuple(hex(2), hex(32), hex(16), hex(2)).map((parts) => parts.join('-')),
    )
    fc.assert(
      fc.property(text, (traceparent) => {
        assert.deepEqual(plain(extract(ours, { traceparent })), plain(extract(theirs, { traceparent })))
      }),
      { numRuns: 500 },
    )
  })

  test('carriers that hold anything but text are read without an error', () => {
    const wrong = [undefined, null, 5, {}, [], [5], [valid, valid], true, Symbol('s'), () => valid]
    for (const value of wrong) {
      assert.equal(extract(ours, { traceparent: value }), undefined)
      const fine = extract(ours, { traceparent: [valid], tracestate: value })
      assert.equal(fine?.traceId, traceId)
    }
  })

  test('nothing is written for no span, an invalid one, or while tracing is suppressed', () => {
    const carrier: Carrier = {}
    ours.inject(ROOT_CONTEXT, carrier, defaultTextMapSetter)
    const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags: 1 })
    ours.inject(suppressTracing(context), carrier, defaultTextMapSetter)
    ours.inject(
      trace.setSpanContext(ROOT_CONTEXT, { traceId: '', spanId: '', traceFlags: 1 }),
      carrier,
      defaultTextMapSetter,
    )
    assert.deepEqual(carrier, {})
  })

  test('fields tells the headers', () => {
    assert.deepEqual(ours.fields(), theirs.fields())
  })
})

suite('tracestate as a list', () => {
  const list = () => {
    const context = propagation
      ? new TraceContextPropagator().extract(
          ROOT_CONTEXT,
          { traceparent: valid, tracestate: 'a=1,b=2,c=3' },
          defaultTextMapGetter,
        )
      : ROOT_CONTEXT
    const state = trace.getSpanContext(context)?.traceState
    assert.ok(state)
    return state
  }

  test('a member that is set goes to the front, and the list before stays as it was', () => {
    const before = list()
    assert.equal(before.set('c', '4').serialize(), 'c=4,a=1,b=2')
    assert.equal(before.set('new', 'x').serialize(), 'new=x,a=1,b=2,c=3')
    assert.equal(before.serialize(), 'a=1,b=2,c=3')
    assert.equal(before.get('b'), '2')
    assert.equal(before.get('z'), undefined)
  })

  test('a member can be removed', () => {
    assert.equal(list().unset('b').serialize(), 'a=1,c=3')
    assert.equal(list().unset('z').serialize(), 'a=1,b=2,c=3')
  })

  test('what is no member is not set', () => {
    for (const [key, value] of [
      ['A', '1'],
      ['', '1'],
      ['k', ''],
      ['k', 'a,b'],
      ['k', 'a=b'],
      ['k', 'ü'],
      ['k'.repeat(257), '1'],
    ] as const) {
      assert.equal(list().set(key, value).serialize(), 'a=1,b=2,c=3')
    }
  })
})
