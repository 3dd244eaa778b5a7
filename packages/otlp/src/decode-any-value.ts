/**
 * Decodes attributes: KeyValue, AnyValue and its two lists. By far the most frequent messages of a request, and the only ones
 * that nest without end.
 */

import { AnyValueField, ArrayValueField, KeyValueField, KeyValueListField, tag, WireType } from './fields.ts'
import { type AnyValue, type KeyValue, KeyValueList } from './model.ts'
import type { MessageType, Reader } from './reader.ts'
import { maxValueDepth } from './value-depth.ts'

const keyValue: MessageType = { name: 'KeyValue', fields: KeyValueField }
const anyValue: MessageType = { name: 'AnyValue', fields: AnyValueField }
const arrayValue: MessageType = { name: 'ArrayValue', fields: ArrayValueField }
const keyValueList: MessageType = { name: 'KeyValueList', fields: KeyValueListField }

const keyTag = tag(KeyValueField.key, WireType.bytes)
const valueTag = tag(KeyValueField.value, WireType.bytes)
const stringTag = tag(AnyValueField.stringValue, WireType.bytes)
const boolTag = tag(AnyValueField.boolValue, WireType.varint)
const intTag = tag(AnyValueField.intValue, WireType.varint)
const doubleTag = tag(AnyValueField.doubleValue, WireType.fixed64)
const arrayTag = tag(AnyValueField.arrayValue, WireType.bytes)
const kvlistTag = tag(AnyValueField.kvlistValue, WireType.bytes)
const bytesTag = tag(AnyValueField.bytesValue, WireType.bytes)
const arrayItemTag = tag(ArrayValueField.values, WireType.bytes)
const kvlistItemTag = tag(KeyValueListField.values, WireType.bytes)

/** Reads the KeyValue that comes next, with its length. */
export function readKeyValue(reader: Reader, depth = 1): KeyValue {
  const outer = reader.enter()
  let key = ''
  let value: AnyValue
  while (reader.position < reader.limit) {
    switch (reader.tag(keyValue)) {
      case keyTag:
        key = reader.internedString()
        break
      case valueTag:
        value = readAnyValue(reader, depth, value)
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { key, value }
}

/**
 * Reads the AnyValue that comes next, with its length. A field that is sent twice continues its `previous` value, which matters only
 * to lists: protobuf appends to them.
 */
export function readAnyValue(reader: Reader, depth: number, previous: AnyValue): AnyValue {
  if (depth > maxValueDepth) reader.fail(`values nest more than ${maxValueDepth} deep`)
  const outer = reader.enter()
  let value = previous
  while (reader.position < reader.limit) {
    switch (reader.tag(anyValue)) {
      case stringTag:
        value = reader.string()
        break
      case boolTag:
        value = reader.bool()
        break
      case intTag:
        value = reader.int64()
        break
      case doubleTag:
        value = reader.double()
        break
      case arrayTag:
        value = readArray(reader, depth, value)
        break
      case kvlistTag:
        value = readKeyValueList(reader, depth, value)
        break
      case bytesTag:
        value = reader.bytes()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return value
}

function readArray(reader: Reader, depth: number, previous: AnyValue): AnyValue {
  const outer = reader.enter()
  const values: AnyValue[] = Array.isArray(previous) ? previous : []
  while (reader.position < reader.limit) {
    if (reader.tag(arrayValue) === arrayItemTag) values.push(readAnyValue(reader, depth + 1, undefined))
    else reader.skip()
  }
  reader.leave(outer)
  return values
}

function readKeyValueList(reader: Reader, depth: number, previous: AnyValue): KeyValueList {
  const outer = reader.enter()
  const list = previous instanceof KeyValueList ? previous : new KeyValueList([])
  const values = list.values as KeyValue[]
  while (reader.position < reader.limit) {
    if (reader.tag(keyValueList) === kvlistItemTag) values.push(readKeyValue(reader, depth + 1))
    else reader.skip()
  }
  reader.leave(outer)
  return list
}
