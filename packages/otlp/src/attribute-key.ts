/**
 * Attribute keys, interned with their bytes. A service has some hundred keys and most of them have few values, so the encoder
 * copies prepared bytes for a key, and for a whole key-value pair whose value was seen before, instead of encoding strings.
 */
import type { AttributeInput } from './attribute-input.ts'

/** Keys kept for the life of the process; 4,096 keys of 40 bytes are 0.5 MB. A key beyond them works, uncached. */
const maxInternedKeys = 4096
/** Longer keys are rare and not worth the table's memory. */
const maxInternedLength = 128
/** A key with more values than this is a high-cardinality one: looking its values up costs more than it saves. */
const maxCachedValues = 64
/** Copying prepared words beats Node's UTF-8 writer up to about this length: user agents are within. */
const maxCachedValueLength = 192
/** Of all prepared pairs together, as 4,096 keys of 64 long values would hold 60 MB. */
const maxPreparedBytes = 4_194_304
let preparedBytes = 0

/** Changes a value before it is recorded; `beside` are the attributes that are there already. */
export type AttributeRule = (value: AttributeInput, beside: AttributesBeside) => AttributeInput

/** Where a rule looks other attributes up, undefined for those that are not there: most rules never do. */
export interface AttributesBeside {
  get(key: AttributeKey): AttributeInput
}

const interned = new Map<string, AttributeKey>()
let ruleFor: (name: string) => AttributeRule | undefined = () => undefined

export class AttributeKey {
  readonly name: string
  /** False for a key beyond the table's bound: two of them may then have the same name. */
  readonly interned: boolean
  /** Whether some PreparedAttributes hold it: only then need a span that gets it look there. */
  prepared = false
  /** `KeyValue.key`, with its tag and length, padded to whole words. */
  readonly words: BigInt64Array
  /** Bytes of `words` that count. */
  readonly size: number
  /** Prepared KeyValue messages by string value; undefined once the key has shown too many values. */
  values: Map<string, PreparedPair> | undefined
  /** Whoever records a value passes it through this first; undefined for nearly all keys. */
  rule: AttributeRule | undefined

  constructor(name: string, interned: boolean) {
    this.name = name
    this.interned = interned
    const bytes = prefixed(0x0a, name)
    this.words = toWords(bytes)
    this.size = bytes.length
    this.values = interned ? new Map() : undefined
    this.rule = ruleFor(name)
  }
}

/** A KeyValue message (its length, then its body), ready to be copied behind the tag of the field that holds it. */
export interface PreparedPair {
  readonly words: BigInt64Array
  readonly size: number
}

/** The interned form of `name`: the same object for the same name while the table has room. */
export function attributeKey(name: string): AttributeKey {
  return interned.get(name) ?? addKey(name)
}

/** From now on keys have the rules that `find` gives for their names, in the whole process; it is asked once for each. */
export function setAttributeRules(find: (name: string) => AttributeRule | undefined): void {
  ruleFor = find
  for (const key of interned.values()) key.rule = find(key.name)
}

function addKey(name: string): AttributeKey {
  if (interned.size >= maxInternedKeys || name.length > maxInternedLength)
    return new AttributeKey(name, false)
  const key = new AttributeKey(name, true)
  interned.set(name, key)
  return key
}

/** The pair of `key` and `value`, encoded once; undefined when it is not worth keeping. */
export function preparedPair(key: AttributeKey, value: string): PreparedPair | undefined {
  const { values } = key
  // To compare with the last value first would cost more than the look-up: strings of one length are compared character by character.
  return values === undefined ? undefined : (values.get(value) ?? preparePair(key, values, value))
}

/** Gives the key's cache up when it has too many values. */
function preparePair(
  key: AttributeKey,
  values: Map<string, PreparedPair>,
  value: string,
): PreparedPair | undefined {
  if (value.length > maxCachedValueLength || preparedBytes > maxPreparedBytes) return undefined
  if (values.size >= maxCachedValues) {
    key.values = undefined
    return undefined
  }
  const text = prefixed(0x0a, value)
  const body = concat(prefixed(0x0a, key.name), Uint8Array.of(0x12), lengthPrefix(text.length), text)
  const bytes = concat(lengthPrefix(body.length), body)
  const pair = { words: toWords(bytes), size: bytes.length }
  values.set(value, pair)
  preparedBytes += bytes.length
  return pair
}

function prefixed(tag: number, text: string): Uint8Array {
  const utf8 = Buffer.from(text, 'utf8')
  return concat(Uint8Array.of(tag), lengthPrefix(utf8.length), utf8)
}

function lengthPrefix(length: number): Uint8Array {
  const bytes: number[] = []
  let rest = length
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** Bytes padded to words of eight, as little-endian as `copyWords` writes them. */
export function toWords(bytes: Uint8Array): BigInt64Array {
  const words = new BigInt64Array((bytes.length + 7) >> 3)
  const padded = new DataView(new ArrayBuffer(words.length * 8))
  new Uint8Array(padded.buffer).set(bytes)
  for (let i = 0; i < words.length; i++) words[i] = padded.getBigInt64(i * 8, true)
  return words
}
