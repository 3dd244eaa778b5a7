/**
 * google.rpc.Status with its RetryInfo, both ways, protobuf and JSON: the body of an OTLP/HTTP error, and the trailer
 * `grpc-status-details-bin` of a gRPC one. A receiver says with RetryInfo when to come again.
 * https://opentelemetry.io/docs/specs/otlp/#failures
 */

import { FieldWriter } from './field-writer.ts'
import { AnyField, DurationField, RetryInfoField, RpcStatusField, tag, WireType } from './fields.ts'
import { int32, int64 } from './integer-range.ts'
import { fail, parseObject, readInt32, readList, readString } from './json-value.ts'
import { type MessageType, Reader } from './reader.ts'

export interface RpcStatus {
  /** A gRPC status code. */
  readonly code: number
  readonly message: string
  /** RetryInfo's delay in nanoseconds, as sent: it may be 0, negative or absurd. Undefined without a RetryInfo. */
  readonly retryDelayNanos: bigint | undefined
}

const statusType: MessageType = { name: 'google.rpc.Status', fields: RpcStatusField }
const anyType: MessageType = { name: 'google.protobuf.Any', fields: AnyField }
const retryInfoType: MessageType = { name: 'google.rpc.RetryInfo', fields: RetryInfoField }
const durationType: MessageType = { name: 'google.protobuf.Duration', fields: DurationField }

const codeTag = tag(RpcStatusField.code, WireType.varint)
const messageTag = tag(RpcStatusField.message, WireType.bytes)
const detailsTag = tag(RpcStatusField.details, WireType.bytes)
const typeUrlTag = tag(AnyField.typeUrl, WireType.bytes)
const valueTag = tag(AnyField.value, WireType.bytes)
const retryDelayTag = tag(RetryInfoField.retryDelay, WireType.bytes)
const secondsTag = tag(DurationField.seconds, WireType.varint)
const nanosTag = tag(DurationField.nanos, WireType.varint)

const retryInfoUrl = 'type.googleapis.com/google.rpc.RetryInfo'
const nanosPerSecond = 1_000_000_000n

/** Throws RangeError for a code or a delay that its protobuf type cannot hold. */
export function encodeRpcStatus({ code, message, retryDelayNanos }: RpcStatus): Uint8Array {
  const writer = new FieldWriter()
  if (code !== 0) writer.int64(codeTag, BigInt(int32(code)))
  if (message !== '') writer.string(messageTag, message)
  if (retryDelayNanos !== undefined) {
    const details = writer.open(detailsTag)
    writer.string(typeUrlTag, retryInfoUrl)
    const retryInfo = writer.open(valueTag)
    const duration = writer.open(retryDelayTag)
    const seconds = int64(retryDelayNanos / nanosPerSecond)
    const nanos = retryDelayNanos % nanosPerSecond
    if (seconds !== 0n) writer.int64(secondsTag, seconds)
    if (nanos !== 0n) writer.int64(nanosTag, nanos)
    writer.close(duration)
    writer.close(retryInfo)
    writer.close(details)
  }
  return writer.finish()
}

/** Throws MalformedOtlpError, and nothing else, for bytes that are not a Status. Details other than RetryInfo are passed over. */
export function decodeRpcStatus(bytes: Uint8Array): RpcStatus {
  const reader = new Reader(bytes, statusType)
  let code = 0
  let message = ''
  let retryDelayNanos: bigint | undefined
  while (reader.position < reader.limit) {
    switch (reader.tag(statusType)) {
      case codeTag:
        code = reader.int32()
        break
      case messageTag:
        message = reader.string()
        break
      case detailsTag:
        retryDelayNanos = readDetail(reader) ?? retryDelayNanos
        break
      default:
        reader.skip()
    }
  }
  return { code, message, retryDelayNanos }
}

/** The delay when the detail is a RetryInfo. */
function readDetail(reader: Reader): bigint | undefined {
  const outer = reader.enter()
  let typeUrl = ''
  let value: Uint8Array | undefined
  while (reader.position < reader.limit) {
    switch (reader.tag(anyType)) {
      case typeUrlTag:
        typeUrl = reader.string()
        break
      case valueTag:
        value = reader.bytes()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return isRetryInfo(typeUrl)
    ? readRetryInfo(new Reader(value ?? new Uint8Array(0), retryInfoType))
    : undefined
}

function readRetryInfo(reader: Reader): bigint {
  let delay = 0n
  while (reader.position < reader.limit) {
    if (reader.tag(retryInfoType) === retryDelayTag) delay = readDuration(reader)
    else reader.skip()
  }
  return delay
}

function readDuration(reader: Reader): bigint {
  const outer = reader.enter()
  let seconds = 0n
  let nanos = 0
  while (reader.position < reader.limit) {
    switch (reader.tag(durationType)) {
      case secondsTag:
        seconds = reader.int64()
        break
      case nanosTag:
        nanos = reader.int32()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return seconds * nanosPerSecond + BigInt(nanos)
}

/** Throws RangeError for a code or a delay that its protobuf type cannot hold. */
export function encodeRpcStatusJson({ code, message, retryDelayNanos }: RpcStatus): string {
  const details =
    retryDelayNanos === undefined
      ? undefined
      : [{ '@type': retryInfoUrl, retryDelay: durationText(retryDelayNanos) }]
  return JSON.stringify({ code: int32(code), message: message.toWellFormed(), details })
}

/** Throws MalformedOtlpError, and nothing else, for text that is not a Status. Details other than RetryInfo are passed over. */
export function decodeRpcStatusJson(text: string | Uint8Array): RpcStatus {
  const object = parseObject(text)
  const delays = readList(object, 'details', undefined, (detail, place) => {
    if (!isRetryInfo(readString(detail, '@type', place))) return undefined
    const delay = readString(detail, 'retryDelay', place)
    return delay === ''
      ? 0n
      : (durationOf(delay) ?? fail('expected seconds such as "1.5s"', 'retryDelay', place))
  })
  return {
    code: readInt32(object, 'code', undefined),
    message: readString(object, 'message', undefined),
    retryDelayNanos: delays.findLast((delay) => delay !== undefined),
  }
}

/** The host before the slash is free, says google/protobuf/any.proto. */
function isRetryInfo(typeUrl: string): boolean {
  return typeUrl.endsWith('/google.rpc.RetryInfo')
}

/** Protobuf's JSON for a Duration: seconds with up to nine decimals and an `s`. */
function durationText(nanos: bigint): string {
  const sign = nanos < 0n ? '-' : ''
  const size = nanos < 0n ? -nanos : nanos
  int64(nanos / nanosPerSecond)
  const fraction = (size % nanosPerSecond).toString().padStart(9, '0').replace(/0+$/, '')
  return `${sign}${size / nanosPerSecond}${fraction === '' ? '' : `.${fraction}`}s`
}

function durationOf(text: string): bigint | undefined {
  const [, sign, seconds, fraction = ''] = /^(-?)(\d{1,19})(?:\.(\d{1,9}))?s$/.exec(text) ?? []
  if (seconds === undefined) return undefined
  const size = BigInt(seconds) * nanosPerSecond + BigInt(fraction.padEnd(9, '0'))
  return sign === '-' ? -size : size
}
