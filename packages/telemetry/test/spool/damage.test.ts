/** Segments that are torn, flipped, foreign or doubled: the rest of them is recovered, what is bad is kept aside, and nothing is made up. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import {
  encodeRecordHeader,
  encodeSegmentHeader,
  readSegment,
  requestOf,
} from '../../src/spool/segment-format.ts'
import { decodeRequest } from '../support/decode.ts'
import { until } from '../support/pipeline.ts'
import { away, badFilesIn, segmentsIn, spool, spoolDirectory } from '../support/spool.ts'
import { type Spooler, startSpooler } from '../support/spooler.ts'

/** A segment of five records, as the writer makes it. */
function segmentOf(requests: readonly Uint8Array[], id: Uint8Array = randomBytes(16)): Buffer {
  const records = requests.flatMap((request) => [
    encodeRecordHeader(id, request, 3, 1_795_000_000_000),
    request,
  ])
  return Buffer.concat([encodeSegmentHeader(id), ...records])
}
const requests = [40, 1, 0, 33, 64].map((length) => randomBytes(length))
const segment = segmentOf(requests)
const recordStarts = requests.map((_, index) =>
  requests.slice(0, index).reduce((at, { length }) => at + 32 + length, 32),
)

/** The requests that a reader gets out of the bytes, in hexadecimal. */
function readable(bytes: Buffer): string[] {
  const reading = readSegment(bytes)
  if (reading.kind !== 'records') return []
  return reading.records.flatMap((record) => {
    const request = requestOf(bytes, record)
    return request === undefined ? [] : [Buffer.from(request).toString('hex')]
  })
}
const written = requests.map((request) => request.toString('hex'))

suite('bytes', () => {
  test('that are whole give every record, and no damage', () => {
    assert.deepEqual(readable(segment), written)
    assert.partialDeepStrictEqual(readSegment(segment), { kind: 'records', damaged: false })
  })

  test('with a bit flipped, at every offset: at most the record that it lies in is lost', () => {
    for (let at = 0; at < segment.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = Buffer.from(segment)
        bytes[at]! ^= flip
        const hit = recordStarts.findLastIndex((start) => at >= start)
        const inState = hit >= 0 && at - recordStarts[hit]! >= 4 && at - recordStarts[hit]! < 8
        const rest = hit === -1 || inState ? written : written.filter((_, index) => index !== hit)
        assert.deepEqual(readable(bytes), rest, `byte ${at}`)
      }
    }
  })

  test('cut off at every length: what is whole is read', () => {
    for (let length = 0; length < segment.length; length++) {
      const whole = requests.filter((request, index) => recordStarts[index]! + 32 + request.length <= length)
      assert.deepEqual(
        readable(segment.subarray(0, length)),
        written.slice(0, whole.length),
        `${length} bytes`,
      )
    }
  })

  test('overwritten, removed and added anywhere: nothing is read that was not written', () => {
    const piece = fc.record({
      at: fc.nat(segment.length),
      remove: fc.nat(80),
      add: fc.uint8Array({ maxLength: 80 }),
    })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        let bytes = Buffer.from(segment)
        for (const { at, remove, add } of pieces) {
          bytes = Buffer.concat([bytes.subarray(0, at), add, bytes.subarray(at + remove)])
        }
        for (const request of readable(bytes)) assert.ok(written.includes(request))
      }),
    )
  })

  test('of an attribute that look like a record are not taken for one when the real one is damaged', () => {
    const forged = segmentOf([Buffer.from('forged')], Buffer.alloc(16, 7)).subarray(32)
    const bytes = segmentOf([Buffer.concat([Buffer.from('span '), forged, forged]), Buffer.from('next')])
    bytes[32 + 8]! ^= 1
    assert.deepEqual(readable(bytes), [Buffer.from('next').toString('hex')])
  })

  test('of records that are done are not read again', () => {
    const bytes = Buffer.from(segment)
    bytes.write('DONE', recordStarts[1]! + 4)
    assert.deepEqual(
      readable(bytes),
      written.filter((_, index) => index !== 1),
    )
  })
})

/** What a process left that was killed in an outage: its segments, and the names of their requests. */
async function abandoned(
  directory: string,
  count = 5,
  owner = 'd',
): Promise<{ segment: string; names: readonly string[] }> {
  const dead = await startSpooler(directory, { owner })
  dead.tell({ kind: 'emit', count, size: 1000 })
  await dead.when(({ spooled }) => spooled === count)
  await dead.kill()
  const [segment] = segmentsIn(directory).filter((path) =>
    basename(dirname(path)).startsWith(`${dead.child.pid}-`),
  )
  return { segment: segment!, names: dead.stored }
}

/** Starts another one, which delivers what it can; resolves when the directory holds no segments any more. */
async function recover(directory: string): Promise<Spooler> {
  const spooler = await startSpooler(directory, { owner: 'r' })
  spooler.tell({ kind: 'collector', up: true })
  await until(() => segmentsIn(directory).length === 0, 'the segments to go')
  return spooler
}

/** Each once, in any order: what was sent before the collector was up came again, behind the others. */
function assertArrived({ received }: Spooler, names: readonly string[]): void {
  assert.deepEqual(received.toSorted(), names.toSorted())
}

/** Where the nth record of a segment of `abandoned` begins. */
const record = (n: number) => 32 + n * (32 + 1000)

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at]! ^= 0x10
  writeFileSync(path, bytes)
}

suite('a directory', () => {
  const damages: [what: string, damage: (path: string) => void, lost: readonly number[], advice: RegExp][] = [
    ['a flipped bit in a request', (path) => flip(path, record(1) + 500), [1], /is damaged/],
    ['a flipped bit in the head of a record', (path) => flip(path, record(2) + 9), [2], /is damaged/],
    ['a flipped bit in its own head', (path) => flip(path, 3), [], /is damaged/],
    ['a torn end', (path) => truncateSync(path, record(4) + 700), [4], /is damaged/],
    ['zeros at its end', (path) => truncateSync(path, record(5) + 4096), [], /is damaged/],
    ['nothing but noise', (path) => writeFileSync(path, randomBytes(5000)), [0, 1, 2, 3, 4], /is damaged/],
    ['half a head', (path) => truncateSync(path, 20), [0, 1, 2, 3, 4], /is damaged/],
    [
      'a future version',
      (path) => {
        const bytes = readFileSync(path)
        bytes.writeUInt32LE(2, 8)
        bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
        writeFileSync(path, bytes)
      },
      [0, 1, 2, 3, 4],
      /version 2/,
    ],
  ]
  for (const [what, damage, lost, advice] of damages) {
    test(`with a segment that has ${what}: the rest arrives, and the file is kept`, async () => {
      const directory = spoolDirectory()
      const { segment, names } = await abandoned(directory)
      damage(segment)
      const size = lstatSync(segment).size
      const spooler = await recover(directory)
      await until(() => badFilesIn(directory).length === 1, 'the bad file')
      assertArrived(
        spooler,
        names.filter((_, index) => !lost.includes(index)),
      )
      assert.equal(basename(badFilesIn(directory)[0]!), `${basename(segment)}.bad`)
      assert.equal(lstatSync(badFilesIn(directory)[0]!).size, size, 'nothing of it is gone')
      await until(() => advice.test(spooler.stderr), 'it to be said')
      await spooler.ledger()
    })
  }

  test('with a segment that is empty, or has a head alone: nothing is in it, and nothing stays of it', async () => {
    const directory = spoolDirectory()
    const { segment } = await abandoned(directory, 1)
    writeFileSync(segment, '')
    writeFileSync(join(dirname(segment), 'head.spool'), encodeSegmentHeader(randomBytes(16)))
    const spooler = await recover(directory)
    assert.deepEqual([spooler.received, badFilesIn(directory)], [[], []])
  })

  test('with a segment that was copied, under its name and another: each span arrives once', async () => {
    const directory = spoolDirectory()
    const { segment, names } = await abandoned(directory)
    copyFileSync(segment, join(dirname(segment), `0${basename(segment)}`))
    const other = join(directory, '77-0123456789ab')
    mkdirSync(other)
    copyFileSync(segment, join(other, basename(segment)))
    const spooler = await recover(directory)
    await until(() => badFilesIn(directory).length === 2, 'the copies to be set aside')
    assertArrived(spooler, names)
    await until(() => /is a copy/.test(spooler.stderr), 'it to be said')
  })

  test('with links, pipes and directories in the place of segments: none is followed or waited for', async () => {
    const directory = spoolDirectory()
    const { segment, names } = await abandoned(directory)
    const secret = join(directory, 'secret')
    writeFileSync(secret, readFileSync(segment))
    symlinkSync(secret, join(dirname(segment), '1.spool'))
    execFileSync('/usr/bin/mkfifo', [join(dirname(segment), '2.spool')])
    mkdirSync(join(dirname(segment), '3.spool'))
    const elsewhere = spoolDirectory()
    symlinkSync(
      (await abandoned(elsewhere, 2, 'e')).segment.replace(/\/[^/]*$/, ''),
      join(directory, '88-0123456789ab'),
    )
    const spooler = await recover(directory)
    await until(() => badFilesIn(directory).length === 2, 'them to be set aside')
    assertArrived(spooler, names)
    assert.deepEqual(readFileSync(secret).length, record(5), 'the file behind the link is as it was')
    assert.equal(segmentsIn(elsewhere).length, 1, 'so is the directory')
  })

  test('keeps no more than 64 bad files', async () => {
    const directory = spoolDirectory()
    const { segment } = await abandoned(directory, 1)
    for (let i = 0; i < 80; i++) writeFileSync(join(dirname(segment), `${i + 100}.spool`), `noise ${i}`)
    const spooler = await recover(directory)
    assert.equal(badFilesIn(directory).length, 64)
    await until(() => /too many damaged segments/.test(spooler.stderr), 'it to be said')
    assert.equal(spooler.received.length, 1)
  })

  test("damaged while its process lives: the spans are counted, the process's ledger balances", async () => {
    const directory = spoolDirectory()
    // Segments of a mebi, of which one at a time is in memory: the first, while its requests have no answer.
    const spooler = await startSpooler(directory, { owner: 'l', maxBytes: 8 * 1024 * 1024 })
    spooler.tell({ kind: 'emit', count: 11, size: 100_000 })
    await spooler.when(({ spooled }) => spooled === 11)
    spooler.answering = false
    spooler.tell({ kind: 'collector', up: true })
    await until(() => spooler.held.length > 0, 'a request')
    spooler.tell({ kind: 'emit', count: 5, size: 1000 })
    await spooler.when(({ spooled }) => spooled === 16)
    const second = segmentsIn(directory).at(-1)!
    flip(second, record(1) + 100)
    flip(second, record(3) + 12)
    spooler.answerHeld()
    const { exported, dropped } = await spooler.when(({ spooled }) => spooled === 0)
    assert.deepEqual([exported, dropped.spool_damaged], [14, 2])
  })

  test('removed while its process lives: what was in it is counted, and it goes on in a new one', async () => {
    const directory = spoolDirectory()
    const spooler = await startSpooler(directory, { owner: 'm', maxBytes: 1024 * 1024 })
    spooler.tell({ kind: 'emit', count: 5, size: 200_000 })
    await spooler.when(({ spooled }) => spooled === 4 || spooled === 5)
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true })
    spooler.tell({ kind: 'emit', count: 3, size: 200_000 })
    await spooler.when(({ queued }) => queued > 0, 'the disk to fail')
    spooler.tell({ kind: 'collector', up: true })
    const { exported, dropped } = await spooler.when(({ spooled, queued }) => spooled + queued === 0)
    assert.ok(exported >= 3)
    assert.equal(exported + dropped.spool_damaged + dropped.spool_full, 8)
    assert.ok(existsSync(directory))
  })
})

test('what is on disk are OTLP requests, readable by anybody, of the mode that keeps them private', async () => {
  const pipeline = await away()
  await spool(pipeline, 10, 'private')
  const [path] = segmentsIn(pipeline.directory)
  assert.equal(lstatSync(path!).mode & 0o777, 0o600)
  assert.equal(lstatSync(dirname(path!)).mode & 0o777, 0o700)
  const bytes = readFileSync(path!)
  const reading = readSegment(bytes)
  assert.ok(reading.kind === 'records')
  const spans = reading.records.flatMap((record) => decodeRequest(requestOf(bytes, record)!).spans)
  assert.deepEqual(
    spans.map(({ name }) => name),
    Array(10).fill('private'),
  )
})
