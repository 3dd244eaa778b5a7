/** W3C Baggage: limits, awkward content, and round trips with the official propagator. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
} from '@opentelemetry/api'
import { suppressTracing, W3CBaggagePropagator } from '@opentelemetry/core'
import fc from 'fast-check'
import { BaggagePropagator } from '../src/context/baggage-propagator.ts'
import { anyCharacter } from './support/any-character.ts'

const ours = new BaggagePropagator()
const theirs = new W3CBaggagePropagator()
type Propagator = typeof ours | typeof theirs
type Entries = Record<string, BaggageEntry>

function write(by: Propagator, entries: Entries): string | undefined {
  const carrier: { baggage?: string } = {}
  const context = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage(entries))
  by.inject(context, carrier, defaultTextMapSetter)
  return carrier.baggage
}

function read(by: Propagator, baggage: unknown): [string, string, string | undefined][] | undefined {
  const context = by.extract(ROOT_CONTEXT, { baggage }, defaultTextMapGetter)
  const found: Baggage | undefined = propagation.getBaggage(context)
  return found?.getAllEntries().map(([key, { value, metadata }]) => [key, value, metadata?.toString()])
}

test('a header is read member by member, with percent-encoding, white space and properties', () => {
  assert.deepEqual(read(ours, 'userId=alice,serverNode=DF%2028 , isProduction=false;p1;p2=v ;p3'), [
    ['userId', 'alice', undefined],
    ['serverNode', 'DF 28', undefined],
    ['isProduction', 'false', 'p1;p2=v;p3'],
  ])
})

test('an equals sign and an empty value are values', () => {
  assert.deepEqual(read(ours, 'a=b=c,d='), [
    ['a', 'b=c', undefined],
    ['d', '', undefined],
  ])
})

test('members that are none are left out, the others stay', () => {
  assert.deepEqual(read(ours, 'a=1,,nonsense,=x,%zz=1,b=%zz,;p,c=3'), [
    ['a', '1', undefined],
    ['c', '3', undefined],
  ])
  for (const none of ['', ',', 'nonsense', '=', '%']) assert.equal(read(ours, none), undefined)
})

test('several headers are one list', () => {
  assert.deepEqual(read(ours, ['a=1', 'b=2']), [
    ['a', '1', undefined],
    ['b', '2', undefined],
  ])
})

test('keys of prototypes are keys', () => {
  assert.deepEqual(
    read(ours, '__proto__=1,constructor=2')?.map(([key]) => key),
    ['__proto__', 'constructor'],
  )
  assert.equal(({} as Record<string, unknown>)['1'], undefined)
})

test('a megabyte is read up to 8,192 bytes, and no member is cut in half', () => {
  const header = Array.from({ length: 20_000 }, (_, i) => `k${i}=${'v'.repeat(50)}`).join(',')
  const members = read(ours, header)!
  assert.ok(members.length > 0 && members.length <= 180)
  assert.ok(members.every(([, value]) => value.length === 50))
  assert.ok(members.reduce((sum, [key, value]) => sum + key.length + value.length + 2, 0) <= 8192 + 1)
  assert.equal(read(ours, `a=1,b=${'x'.repeat(9000)}`)?.length, 1)
})

test('180 members are read and written, the 181st is not', () => {
  const entries = Object.fromEntries(Array.from({ length: 181 }, (_, i) => [`k${i}`, { value: 'v' }]))
  const header = write(ours, entries)!
  assert.equal(header.split(',').length, 180)
  assert.equal(read(ours, `${header},last=1`)?.length, 180)
})

test('what is written stays within 8,192 bytes and whole', () => {
  const entries = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`k${i}`, { value: 'ü'.repeat(30) }]),
  )
  const header = write(ours, entries)!
  assert.ok(header.length <= 8192)
  assert.ok(read(theirs, header)?.every(([, value]) => value === 'ü'.repeat(30)))
})

test('a lone surrogate is written as the replacement character, not thrown', () => {
  const header = write(ours, { 'a\ud800': { value: '\udfffb' } })
  assert.deepEqual(read(ours, header), [['a\ufffd', '\ufffdb', undefined]])
})

test('a value that is no text is written as one', () => {
  assert.equal(write(ours, { plan: { value: 7 as unknown as string } }), 'plan=7')
})

test('metadata cannot break out of the header or the member', () => {
  const header = write(ours, {
    a: { value: '1', metadata: baggageEntryMetadataFromString('p=1\r\nset-cookie: x=1') },
    b: { value: '2', metadata: baggageEntryMetadataFromString('p,evil=1') },
    c: { value: '3', metadata: baggageEntryMetadataFromString('ok;q=2') },
  })
  assert.equal(header, 'a=1,b=2,c=3;ok;q=2')
})

test('nothing is written without baggage, and nothing while tracing is suppressed', () => {
  const carrier = {}
  ours.inject(ROOT_CONTEXT, carrier, defaultTextMapSetter)
  ours.inject(
    propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage()),
    carrier,
    defaultTextMapSetter,
  )
  const context = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ a: { value: '1' } }))
  ours.inject(suppressTracing(context), carrier, defaultTextMapSetter)
  assert.deepEqual(carrier, {})
})

test('carriers that hold anything but text are read without an error', () => {
  for (const wrong of [undefined, null, 5, {}, [], [5], true, Symbol('s'), () => 'a=1']) {
    assert.equal(read(ours, wrong), undefined)
  }
})

suite('beside the official propagator', () => {
  const entries = fc.dictionary(
    // The official one loses `__proto__`, which ours keeps: see above.
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((key) => key !== '__proto__'),
    fc.record({ value: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }) }),
    { maxKeys: 20, noNullPrototype: true },
  )

  test('both write the same header', () => {
    fc.assert(fc.property(entries, (given) => assert.equal(write(ours, given), write(theirs, given))))
  })

  test('each reads what the other writes', () => {
    fc.assert(
      fc.property(entries, (given) => {
        assert.deepEqual(read(ours, write(theirs, given)), read(theirs, write(ours, given)))
      }),
    )
  })

  test('both read any text alike, but for empty values, which are values', () => {
    const text = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.string({ unit: fc.constantFrom('a', 'b', '=', ',', ';', '%', '2', ' '), maxLength: 40 }),
    )
    fc.assert(
      fc.property(text, (header) => {
        const all = read(ours, header)
        // The official one passes over a member without a value: one of that name before it counts on.
        const emptied = new Set(all?.filter(([, value]) => value === '').map(([key]) => key))
        const own = all?.filter(([key]) => !emptied.has(key))
        const rest = read(theirs, header)?.filter(([key]) => !emptied.has(key))
        const trimmed = (rest?.length ? rest : undefined)?.map(([key, value, metadata]) => [
          key,
          value,
          metadata
            ?.split(';')
            .map((property) => property.trim())
            .join(';') || undefined,
        ])
        const names = (members: readonly (readonly unknown[])[] | undefined) => members?.map(([key]) => key)
        assert.deepEqual(own?.length ? own : undefined, trimmed, `${names(own)} ${names(trimmed)}`)
      }),
      { numRuns: 500, examples: [['a=a,a=']] },
    )
  })

  test('fields tells the header', () => assert.deepEqual(ours.fields(), theirs.fields()))
})
