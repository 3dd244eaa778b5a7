/** Protobuf bytes by hand, for what no encoder writes: unknown fields, repeated singular fields, wrong wire types, odd varints. */

import { tag, WireType } from '../../src/fields.ts'

export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** A varint field. */
export function number(field: number, value: number | bigint): Uint8Array {
  return concat(varint(tag(field, WireType.varint)), varint(value))
}

/** A length-delimited field: a string, bytes or a message made of `parts`. */
export function message(field: number, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const body = concat(...parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  return concat(varint(tag(field, WireType.bytes)), varint(body.length), body)
}

/** A group, the wire form that proto3 gave up and a reader must still pass over. */
export function group(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(varint(tag(field, WireType.startGroup)), ...parts, varint(tag(field, WireType.endGroup)))
}

/** A request with one span made of `parts`. */
export function spanRequest(...parts: readonly Uint8Array[]): Uint8Array {
  return message(1, message(2, message(2, ...parts)))
}
