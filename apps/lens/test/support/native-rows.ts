/** Reads a block of ClickHouse's Native format back into rows: for tests of what is written, without an engine for each of a thousand blocks. */

import assert from 'node:assert/strict'

export type NativeRow = Readonly<Record<string, unknown>>

/** Integers are bigints, fixed strings hex. */
export function nativeRows(chunks: readonly Uint8Array[]): NativeRow[] {
  const reader = new NativeReader(Buffer.concat(chunks))
  const columnCount = reader.varint()
  const rowCount = reader.varint()
  const columns: [string, unknown[]][] = []
  for (let column = 0; column < columnCount; column++) {
    const name = reader.string()
    columns.push([name, reader.column(reader.string(), rowCount)])
  }
  reader.assertEnd()
  return Array.from({ length: rowCount }, (_, row) =>
    Object.fromEntries(columns.map(([name, values]) => [name, values[row]])),
  )
}

class NativeReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  string(): string {
    return this.#take(this.varint()).toString()
  }

  column(type: string, count: number): unknown[] {
    if (type.startsWith('Array(LowCardinality')) {
      assert.equal(this.#uint64(), 1n)
      return this.#lists(count, (values) => this.#dictionary(values))
    }
    if (type === 'LowCardinality(String)') {
      assert.equal(this.#uint64(), 1n)
      return this.#dictionary(count)
    }
    return this.#plain(type, count)
  }

  assertEnd(): void {
    assert.equal(this.#at, this.#bytes.length, 'the block ends where its columns do')
  }

  #plain(type: string, count: number): unknown[] {
    const array = /^Array\((.*)\)$/.exec(type)?.[1]
    if (array !== undefined) return this.#lists(count, (values) => this.#plain(array, values))
    const width = Number(/^FixedString\((\d+)\)$/.exec(type)?.[1])
    return Array.from({ length: count }, () => {
      if (width > 0) return this.#take(width).toString('hex')
      switch (type) {
        case 'String':
          return this.string()
        case 'UInt64':
          return this.#uint64()
        case 'Int64':
          return BigInt.asIntN(64, this.#uint64())
        case 'Int32':
          return BigInt(this.#take(4).readInt32LE())
        case 'UInt32':
        case 'DateTime':
          return BigInt(this.#take(4).readUInt32LE())
      }
      throw new Error(`no reader for ${type}`)
    })
  }

  #lists(count: number, values: (count: number) => unknown[]): unknown[][] {
    const ends = Array.from({ length: count }, () => Number(this.#uint64()))
    const all = values(ends.at(-1) ?? 0)
    return ends.map((end, row) => all.slice(ends[row - 1] ?? 0, end))
  }

  #dictionary(count: number): string[] {
    if (count === 0) return []
    const width = 2 ** Number(this.#uint64() & 0xffn)
    const keys = Array.from({ length: Number(this.#uint64()) }, () => this.string())
    assert.equal(Number(this.#uint64()), count)
    return Array.from({ length: count }, () => {
      const index = this.#take(width).readUIntLE(0, width)
      assert.ok(index < keys.length, `entry ${index} of ${keys.length}`)
      return keys[index]!
    })
  }

  #uint64(): bigint {
    return this.#take(8).readBigUInt64LE()
  }

  #take(count: number): Buffer {
    const start = this.#at
    this.#at += count
    assert.ok(this.#at <= this.#bytes.length, 'the block is cut off')
    return this.#bytes.subarray(start, this.#at)
  }
}
