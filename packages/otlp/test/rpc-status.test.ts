import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import {
  decodeRpcStatus,
  decodeRpcStatusJson,
  encodeRpcStatus,
  encodeRpcStatusJson,
  MalformedOtlpError,
  type RpcStatus,
} from '../src/index.ts'
import { text } from './support/arbitrary.ts'
import { concat, message, number } from './support/wire.ts'

/** As published in google/rpc/status.proto, google/rpc/error_details.proto and google/protobuf/{any,duration}.proto. */
const root = protobuf.parse(
  `syntax = "proto3";
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }`,
).root
const Status = root.lookupType('Status')
const RetryInfo = root.lookupType('RetryInfo')
const retryInfoUrl = 'type.googleapis.com/google.rpc.RetryInfo'

/** The fields of `status` and its first detail, as protobufjs reads them. */
function readByReference(bytes: Uint8Array) {
  const options = { longs: String, defaults: true, arrays: true }
  const { code, message, details } = Status.toObject(Status.decode(bytes), options)
  if (details.length === 0) return { code, message, retryDelayNanos: undefined }
  assert.equal(details.length, 1)
  assert.equal(details[0].typeUrl, retryInfoUrl)
  const { retryDelay } = RetryInfo.toObject(RetryInfo.decode(details[0].value), options)
  return { code, message, retryDelayNanos: BigInt(retryDelay.seconds) * 10n ** 9n + BigInt(retryDelay.nanos) }
}

function writeByReference({ code, message, retryDelayNanos }: RpcStatus): Uint8Array {
  const details = []
  if (retryDelayNanos !== undefined) {
    const seconds = `${retryDelayNanos / 10n ** 9n}`
    const retryDelay = { seconds, nanos: Number(retryDelayNanos % 10n ** 9n) }
    const value = RetryInfo.encode(RetryInfo.fromObject({ retryDelay })).finish()
    details.push({ typeUrl: retryInfoUrl, value })
  }
  return Status.encode(Status.fromObject({ code, message, details })).finish()
}

const year = 365n * 24n * 3600n * 10n ** 9n
const status: fc.Arbitrary<RpcStatus> = fc.record(
  {
    code: fc.integer({ min: -1, max: 16 }),
    message: text(),
    retryDelayNanos: fc.option(
      fc.oneof(fc.bigInt({ min: -year, max: year }), fc.constantFrom(0n, 1n, -1n, 10n ** 9n, 1_500_000_000n)),
      { nil: undefined },
    ),
  },
  { noNullPrototype: true },
)

test('writes and reads a status with RetryInfo as protobufjs does', () => {
  fc.assert(
    fc.property(status, (value) => {
      assert.deepEqual(readByReference(encodeRpcStatus(value)), value)
      assert.deepEqual(decodeRpcStatus(writeByReference(value)), value)
      assert.deepEqual(decodeRpcStatusJson(encodeRpcStatusJson(value)), value)
    }),
  )
})

test('writes the JSON that protobuf has for it', () => {
  const json = (retryDelayNanos: bigint) =>
    JSON.parse(encodeRpcStatusJson({ code: 14, message: 'busy', retryDelayNanos }))
  assert.deepEqual(json(1_500_000_000n), {
    code: 14,
    message: 'busy',
    details: [{ '@type': retryInfoUrl, retryDelay: '1.5s' }],
  })
  assert.deepEqual(
    [0n, 30n * 10n ** 9n, 1n, -500_000_000n].map((nanos) => json(nanos).details[0].retryDelay),
    ['0s', '30s', '0.000000001s', '-0.5s'],
  )
})

test('passes over details of other types', () => {
  const other = message(
    3,
    message(1, 'type.googleapis.com/google.rpc.DebugInfo'),
    message(2, Uint8Array.of(0xff)),
  )
  const retry = message(
    3,
    message(1, 'example.com/google.rpc.RetryInfo'),
    message(2, message(1, number(1, 2))),
  )
  const value = { code: 8, message: '', retryDelayNanos: 2_000_000_000n }
  assert.deepEqual(decodeRpcStatus(concat(number(1, 8), other, retry, other)), value)
  const json = `{"code":8,"details":[{"@type":"x/y","stack":[1]},{"@type":"${retryInfoUrl}","retryDelay":"2s"},{"@type":"z"}]}`
  assert.deepEqual(decodeRpcStatusJson(json), value)
})

test('reads a RetryInfo without a delay as a delay of 0', () => {
  assert.equal(decodeRpcStatus(message(3, message(1, retryInfoUrl))).retryDelayNanos, 0n)
  assert.equal(decodeRpcStatusJson(`{"details":[{"@type":"${retryInfoUrl}"}]}`).retryDelayNanos, 0n)
})

test('refuses what is not a status', () => {
  assert.throws(() => decodeRpcStatus(Uint8Array.of(0x12, 9, 0)), { where: 'google.rpc.Status.message' })
  const badDelay = message(3, message(1, retryInfoUrl), message(2, message(1, Uint8Array.of(0x08))))
  assert.throws(() => decodeRpcStatus(badDelay), { where: 'google.protobuf.Duration.seconds' })
  assert.throws(() => decodeRpcStatusJson('upstream connect error'), MalformedOtlpError)
  for (const delay of ['1', 's', '1.s', '1e3s', `${'9'.repeat(20)}s`, '0.0000000001s']) {
    const json = `{"details":[{"@type":"${retryInfoUrl}","retryDelay":"${delay}"}]}`
    assert.throws(() => decodeRpcStatusJson(json), { where: 'details[0].retryDelay' }, delay)
  }
})

test('refuses to write a code or a delay that its type cannot hold', () => {
  const tooLong = { code: 14, message: '', retryDelayNanos: 2n ** 63n * 10n ** 9n }
  assert.throws(() => encodeRpcStatus(tooLong), RangeError)
  assert.throws(() => encodeRpcStatusJson(tooLong), RangeError)
  const badCode = { code: 2 ** 31, message: '', retryDelayNanos: undefined }
  assert.throws(() => encodeRpcStatus(badCode), RangeError)
  assert.throws(() => encodeRpcStatusJson(badCode), RangeError)
})
