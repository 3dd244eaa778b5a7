/**
 * Follows the live tail of Lens (contract/tail.ts): reads its events, comes back where it was when the connection is lost, and says why it ends
 * when it does. Called by the LiveTail component.
 */
import type {
  SearchQuery,
  TailEnd,
  TailOpen,
  TailSkipped,
  TailSpan,
  TraceSummary,
} from 'rustok-lens/contract'
import { EventReader, type StreamEvent } from '../model/event-stream.ts'
import { services } from '../model/service-palette.ts'
import { type Arrival, spanArrival, traceArrival } from '../model/tail-list.ts'
import { ApiError, fetchStream } from './client.ts'
import { address, queryClient } from './queries.ts'
import { noteSessionEnd } from './session.ts'

export type TailState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open'; readonly sinceMs: number }
  /** It is tried again by itself. */
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'ended'; readonly reason: TailEnd['reason'] }
  | { readonly kind: 'refused'; readonly error: ApiError }

export interface TailListener {
  readonly onState: (state: TailState) => void
  readonly onArrivals: (arrivals: readonly Arrival[]) => void
  readonly onSkipped: (skipped: TailSkipped) => void
}

export interface TailRequest {
  /** Without a range of time. */
  readonly query: SearchQuery
  readonly unit: 'traces' | 'spans'
  readonly rate: number
}

const RETRY_MS = 2000

/** Resolves when the tail is over, or the signal says so. */
export async function followTail(
  request: TailRequest,
  listener: TailListener,
  signal: AbortSignal,
): Promise<void> {
  const reader = new EventReader()
  const filter = address('/api/lens/tail', request.query)
  const own = new URLSearchParams({ unit: request.unit, rate: String(request.rate) })
  const path = `${filter}${filter.includes('?') ? '&' : '?'}${own}`
  listener.onState({ kind: 'connecting' })
  while (!signal.aborted) {
    const why = await followOnce(path, reader, listener, signal)
    if (why === undefined || signal.aborted) return
    listener.onState({ kind: 'lost', why })
    await pause(reader.retryMs ?? RETRY_MS, signal)
  }
}

/** Why the connection is gone and should be made again; undefined when it should not. */
async function followOnce(
  path: string,
  reader: EventReader,
  listener: TailListener,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const back: Record<string, string> = reader.lastId === '' ? {} : { 'last-event-id': reader.lastId }
    const response = await fetchStream(path, { accept: 'text/event-stream', ...back }, signal)
    const text = response.body!.pipeThrough(new TextDecoderStream())
    for await (const piece of piecesOf(text)) {
      const end = tell(reader.read(piece), listener)
      if (end === undefined) continue
      if (end === 'shutdown') return 'Lens stops or starts again'
      listener.onState({ kind: 'ended', reason: end })
      return undefined
    }
    return 'The connection was closed'
  } catch (error) {
    if (signal.aborted) return undefined
    if (!(error instanceof ApiError)) return 'The connection was lost'
    // Lens is not there, stops, or has too many listeners at the moment.
    if (error.status === 0 || error.status === 429 || error.status >= 500) return error.message
    if (error.status === 401) noteSessionEnd(queryClient)
    listener.onState({ kind: 'refused', error })
    return undefined
  }
}

/** As `for await` over the stream itself, which not every browser can. */
async function* piecesOf(stream: ReadableStream<string>): AsyncGenerator<string> {
  const reader = stream.getReader()
  try {
    while (true) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

/** All of a piece at once, so that the page draws once. */
function tell(events: readonly StreamEvent[], listener: TailListener): TailEnd['reason'] | undefined {
  const arrivals: Arrival[] = []
  let end: TailEnd['reason'] | undefined
  for (const { event, data } of events) {
    const value: unknown = JSON.parse(data)
    if (event === 'open') listener.onState({ kind: 'open', sinceMs: (value as TailOpen).after * 1000 })
    else if (event === 'trace') arrivals.push(traceArrival(value as TraceSummary))
    else if (event === 'span') arrivals.push(spanArrival(value as TailSpan))
    else if (event === 'skipped') listener.onSkipped(value as TailSkipped)
    else if (event === 'end') end = (value as TailEnd).reason
  }
  services.add(
    arrivals.flatMap((arrival) =>
      arrival.unit === 'spans' ? [arrival.span.service] : arrival.trace.services.map(({ name }) => name),
    ),
  )
  if (arrivals.length > 0) listener.onArrivals(arrivals)
  return end
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
