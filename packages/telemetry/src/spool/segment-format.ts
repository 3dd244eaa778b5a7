/**
 * The bytes of a segment file of the spool: a header, then records, each an OTLP ExportTraceServiceRequest (protobuf) as it would have
 * been sent. Written by SegmentWriter, read by SegmentReader. Integers are little-endian.
 *
 *   segment   0          8         12                          28        32
 *             ┌──────────┬─────────┬───────────────────────────┬─────────┬──────────────
 *             │"RUSTOKSP"│ version │ id, 16 random bytes       │ crc32   │ records …
 *             └──────────┴─────────┴───────────────────────────┴─────────┴──────────────
 *                                   └ its first 4 are the marker           of 0..28
 *
 *   record    0        4        8        12       16             24       28       32
 *             ┌────────┬────────┬────────┬────────┬──────────────┬────────┬────────┬────────────────
 *             │ marker │ state  │ length │ spans  │ unix ms, u64 │ crc32  │ crc32  │ length × bytes
 *             └────────┴────────┴────────┴────────┴──────────────┴────────┴────────┴────────────────
 *                       0, or "DONE"                              of bytes of the header, without state and itself
 *
 * `state` is the progress record: it alone is written in place, four bytes once the collector has answered, and is in no checksum. A flipped
 * bit in it means at worst that a batch is sent twice.
 *
 * The marker is random for each segment, so that no attribute's value can pass for a record when a reader looks for the next one
 * behind damaged bytes. In every version the first 32 bytes keep their shape.
 */
import { lazy } from '../lazy-builtins.ts'

const segmentHeaderBytes = 32
const recordHeaderBytes = 32
const formatVersion = 1
/** Where the state stands in a record. */
export const stateOffset = 4
export const done: Uint8Array = Buffer.from('DONE')
/** OTLP bounds a request at 64 MiB: a longer record is none. */
export const maxRecordBytes = 64 * 1024 * 1024

const magic = Buffer.from('RUSTOKSP')
const doneState = Buffer.from(done).readUInt32LE(0)

export interface SegmentRecord {
  /** Of the record's header in the file. */
  readonly offset: number
  /** Of the request. */
  readonly length: number
  readonly spans: number
  readonly crc: number
}

export type SegmentReading =
  /** `damaged` when some of its bytes are no record; what can be read beside them is in `records`. */
  | {
      readonly kind: 'records'
      /** Hexadecimal; undefined when the header is damaged. */
      readonly id: string | undefined
      /** Those that are not done. Their requests are not checked yet: see `requestOf`. */
      readonly records: SegmentRecord[]
      readonly damaged: boolean
    }
  | { readonly kind: 'future'; readonly version: number }
  /** Nothing of it can be read. */
  | { readonly kind: 'unreadable' }

export function encodeSegmentHeader(id: Uint8Array): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes)
  magic.copy(header)
  header.writeUInt32LE(formatVersion, 8)
  header.set(id.subarray(0, 16), 12)
  header.writeUInt32LE(lazy.zlib.crc32(header.subarray(0, 28)), 28)
  return header
}

/** `marker` is the first four bytes of the segment's id. */
export function encodeRecordHeader(
  marker: Uint8Array,
  request: Uint8Array,
  spans: number,
  unixMs: number,
): Buffer {
  const header = Buffer.alloc(recordHeaderBytes)
  header.set(marker.subarray(0, 4), 0)
  header.writeUInt32LE(request.length, 8)
  header.writeUInt32LE(spans, 12)
  header.writeBigUInt64LE(BigInt(Math.max(0, Math.trunc(unixMs))), 16)
  header.writeUInt32LE(lazy.zlib.crc32(request), 24)
  header.writeUInt32LE(recordHeaderCrc(header, 0), 28)
  return header
}

/** Finds the records that are not done, whatever has become of the bytes. Never throws. */
export function readSegment(bytes: Buffer): SegmentReading {
  if (bytes.length < segmentHeaderBytes) return { kind: 'unreadable' }
  const intact =
    bytes.subarray(0, magic.length).equals(magic) &&
    lazy.zlib.crc32(bytes.subarray(0, 28)) === bytes.readUInt32LE(28)
  if (intact && bytes.readUInt32LE(8) !== formatVersion)
    return { kind: 'future', version: bytes.readUInt32LE(8) }
  // With a damaged header, the first record still tells the marker.
  const marker = Buffer.from(
    intact ? bytes.subarray(12, 16) : bytes.subarray(segmentHeaderBytes, segmentHeaderBytes + 4),
  )
  const records: SegmentRecord[] = []
  let known = 0
  let damaged = !intact
  let at = segmentHeaderBytes
  while (at < bytes.length) {
    const record = recordAt(bytes, at, marker)
    if (record === undefined) {
      damaged = true
      at = bytes.indexOf(marker, at + 1)
      if (at === -1) break
      continue
    }
    known++
    if (bytes.readUInt32LE(at + stateOffset) !== doneState) records.push(record)
    at += recordHeaderBytes + record.length
  }
  if (!intact && known === 0) return { kind: 'unreadable' }
  return { kind: 'records', id: intact ? bytes.toString('hex', 12, 28) : undefined, records, damaged }
}

/** The request of a record, or undefined when its bytes are not those that were written. */
export function requestOf(bytes: Buffer, { offset, length, crc }: SegmentRecord): Uint8Array | undefined {
  const request = bytes.subarray(offset + recordHeaderBytes, offset + recordHeaderBytes + length)
  return lazy.zlib.crc32(request) === crc ? request : undefined
}

function recordAt(bytes: Buffer, at: number, marker: Buffer): SegmentRecord | undefined {
  const end = at + recordHeaderBytes
  if (end > bytes.length || bytes.compare(marker, 0, 4, at, at + 4) !== 0) return undefined
  if (bytes.readUInt32LE(at + 28) !== recordHeaderCrc(bytes, at)) return undefined
  const length = bytes.readUInt32LE(at + 8)
  if (length > maxRecordBytes || end + length > bytes.length) return undefined
  return { offset: at, length, spans: bytes.readUInt32LE(at + 12), crc: bytes.readUInt32LE(at + 24) }
}

function recordHeaderCrc(bytes: Buffer, at: number): number {
  return lazy.zlib.crc32(bytes.subarray(at + 8, at + 28), lazy.zlib.crc32(bytes.subarray(at, at + 4)))
}
