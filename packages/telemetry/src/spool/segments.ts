/**
 * The segments of one spool, oldest first, with what they hold, booked in the ledger as it changes. Spans that this process has found on
 * disk are booked apart from its own. Used by the spool's writer and replay, which share it.
 */
import { basename } from 'node:path'
import type { Account, Ledger, SpoolDropReason } from '../export/ledger.ts'

export interface Segment {
  readonly path: string
  readonly account: Account
  /** Bytes of the file. */
  size: number
  /** Not delivered yet, those on the wire among them. */
  spans: number
  /** On the wire. */
  flying: number
  /** Removed to make room; what is on the wire of it may still arrive. */
  gone: boolean
  /** Offsets of what is delivered, when it was put off: the marks in the file may have failed. */
  done: ReadonlySet<number> | undefined
}

export class Segments {
  readonly #ledger: Ledger
  readonly #list: Segment[] = []
  /** Adopted ones stand in front, in their own order. */
  #adopted = 0
  #bytes = 0

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#list.length
  }

  get oldest(): Segment | undefined {
    return this.#list[0]
  }

  /** An empty one of this process, behind all others. */
  open(path: string): Segment {
    const segment = {
      path,
      account: this.#ledger,
      size: 0,
      spans: 0,
      flying: 0,
      gone: false,
      done: undefined,
    }
    this.#list.push(segment)
    return segment
  }

  /** One that was found; its name tells how old it is. */
  adopt(path: string, size: number, spans: number): void {
    const account = this.#ledger.recovered
    account.found += spans
    account.spooled += spans
    const name = basename(path)
    const found = this.#list.slice(0, this.#adopted)
    const younger = found.findIndex((other) => basename(other.path) > name)
    const index = younger === -1 ? this.#adopted : younger
    this.#list.splice(index, 0, { path, account, size, spans, flying: 0, gone: false, done: undefined })
    this.#adopted++
    this.#bytes += size
  }

  grow(segment: Segment, size: number, spans: number): void {
    this.#bytes += size - segment.size
    segment.size = size
    segment.spans += spans
    segment.account.spooled += spans
  }

  /** Spans that the collector has answered for. */
  delivered(segment: Segment, spans: number): void {
    segment.spans -= spans
    segment.account.spooled -= spans
  }

  lost(segment: Segment, spans: number, reason: SpoolDropReason): void {
    this.delivered(segment, spans)
    segment.account.dropped[reason] += spans
  }

  /** Behind all others, which are tried first. */
  putOff(segment: Segment, done: ReadonlySet<number>): void {
    segment.done = done
    this.remove(segment)
    this.#list.push(segment)
    this.#bytes += segment.size
  }

  remove(segment: Segment): void {
    const index = this.#list.indexOf(segment)
    if (index === -1) return
    this.#list.splice(index, 1)
    if (index < this.#adopted) this.#adopted--
    this.#bytes -= segment.size
  }
}
