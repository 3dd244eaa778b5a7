/**
 * The attributes of spans as numbers of tokens in the block's dictionary, found by their bytes on the wire: one that was met before in the block is not
 * read. From those that say so it keeps whose the span is. The transcoder has it append one after the other.
 */

import { type Reader, readKeyValue } from '@rustok/otlp/wire'
import { ByteTable, type hashOf } from '../store/native/byte-table.ts'
import type { SpanBlock } from '../store/span-block.ts'
import { nameOf, tenantKey, userKeys } from '../store/span-context.ts'
import { PlainAttributes } from './plain-attributes.ts'

/** Instead of a tenant or a user, of a span that does not say whose it is: a number that no dictionary reaches. */
export const inherited = 0xffff_ffff

/** Of the keys that say whose a span is: 1 for the tenant, 2 and up for the user, the most telling first. */
const ranks = new Map([tenantKey, ...userKeys].map((key, index) => [key, index + 1]))
const tenantRank = 1
const noRank = ranks.size + 1
const rankBits = 3

export class SpanAttributes {
  readonly #block: SpanBlock
  /** By the bytes of a KeyValue: twice its token's number, and 1 more when it says whose the span is. */
  readonly #tokens: ByteTable
  /** By the number of such a token: its owner's in the dictionary of that column, and the rank of its key. */
  #owners = new Int32Array(256)
  readonly #plain: PlainAttributes
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(this.#bytes.buffer)
  #userRank = noRank
  /** Whose the span is that is being read, in the dictionaries of those columns, or `inherited`. */
  tenant = inherited
  user = inherited

  constructor(block: SpanBlock, hash: typeof hashOf) {
    this.#block = block
    this.#tokens = new ByteTable(hash)
    this.#plain = new PlainAttributes(block.attributes.dictionary.values)
  }

  /** Bytes that the tables hold. */
  get size(): number {
    return this.#tokens.size + this.#plain.size
  }

  clear(): void {
    this.#tokens.clear()
    this.#plain.clear()
  }

  /** The request that what follows is in. */
  read(bytes: Uint8Array, view: DataView): void {
    this.#bytes = bytes
    this.#view = view
  }

  /** Begins a span. */
  begin(): void {
    this.tenant = inherited
    this.user = inherited
    this.#userRank = noRank
  }

  /** The KeyValue from `start` to the reader's position, whose length is at `before`. */
  append(reader: Reader, before: number, start: number): void {
    const token = this.#token(reader, before, start, reader.position)
    this.#block.attributes.append(token >>> 1)
    if ((token & 1) === 0) return
    const owner = this.#owners[token >>> 1]!
    const rank = owner & ((1 << rankBits) - 1)
    if (rank === tenantRank) {
      if (this.tenant === inherited) this.tenant = owner >>> rankBits
    } else if (rank < this.#userRank) {
      this.user = owner >>> rankBits
      this.#userRank = rank
    }
  }

  #token(reader: Reader, before: number, start: number, end: number): number {
    const known = this.#tokens.find(this.#view, start, end)
    if (known !== -1) return known
    const token = this.#newToken(reader, before, start, end)
    this.#tokens.add(this.#view, start, end, token)
    return token
  }

  #newToken(reader: Reader, before: number, start: number, end: number): number {
    const { dictionary } = this.#block.attributes
    const plainKey = this.#plain.append(this.#bytes, this.#view, start, end)
    if (plainKey !== undefined) {
      const token = dictionary.count++ * 2
      const rank = ranks.get(plainKey)
      return rank === undefined ? token : this.#owner(token, rank, this.#plain.lastValue)
    }
    reader.position = before
    const attribute = readKeyValue(reader)
    const token = this.#block.addToken(attribute) * 2
    const rank = ranks.get(attribute.key)
    const owner = rank === undefined ? undefined : nameOf(attribute.value)
    return rank === undefined || owner === undefined ? token : this.#owner(token, rank, owner)
  }

  #owner(token: number, rank: number, owner: string): number {
    const column = rank === tenantRank ? this.#block.tenant : this.#block.user
    const number = token >>> 1
    if (number >= this.#owners.length) {
      const larger = new Int32Array(number * 2)
      larger.set(this.#owners)
      this.#owners = larger
    }
    this.#owners[number] = (column.indexOf(owner) << rankBits) | rank
    return token | 1
  }
}
