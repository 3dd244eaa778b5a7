/**
 * The `ot` member of `tracestate`: where the probability that a trace was sampled with travels (`th`), and the random value that decides
 * where the trace id is not random (`rv`) (specification: "TraceState Handling"). Other vendors' members, and other keys of this one, stay.
 */
import type { TraceState } from '@opentelemetry/api'
import { parseTracestate } from '../context/trace-state.ts'
import { parseHex32 } from '../trace/ids.ts'
import { Threshold } from './threshold.ts'

const memberKey = 'ot'
const maxLength = 256

export interface OtMember {
  /** Undefined when the state has none, or one that does not parse. */
  readonly threshold: Threshold | undefined
  /** Whether `th` is there at all. */
  readonly hasThreshold: boolean
  /** `rv` as the words that end a trace id would be; undefined for none. */
  readonly random: { readonly high: number; readonly low: number } | undefined
}

const none: OtMember = { threshold: undefined, hasThreshold: false, random: undefined }

export function readOtMember(state: TraceState | undefined): OtMember {
  const text = memberText(state)
  if (text === undefined) return none
  let threshold: Threshold | undefined
  let hasThreshold = false
  let random: OtMember['random']
  for (const part of text.split(';')) {
    if (part.startsWith('th:')) {
      hasThreshold = true
      threshold = Threshold.parse(part.slice(3))
    } else if (/^rv:[0-9a-f]{14}$/.test(part)) {
      random = { high: Number.parseInt(part.slice(3, 9), 16), low: parseHex32(part, 9) }
    }
  }
  return { threshold, hasThreshold, random }
}

/** Whether a trace of these last words, or of the state's own random value, is kept. */
export function keepsTrace(threshold: Threshold, ot: OtMember, traceId2: number, traceId3: number): boolean {
  return ot.random === undefined
    ? threshold.keeps(traceId2, traceId3)
    : threshold.keeps(ot.random.high, ot.random.low)
}

/** `state` with `th` set, or without it: nothing is known then of the probability. The same state when it cannot be changed. */
export function withThreshold(state: TraceState | undefined, threshold: Threshold | undefined): TraceState {
  if (state === undefined) return (threshold && stateOf(threshold)) ?? emptyState
  try {
    const parts = (memberText(state) ?? '')
      .split(';')
      .filter((part) => part !== '' && !part.startsWith('th:'))
    if (threshold !== undefined) parts.unshift(`th:${threshold.text}`)
    const text = parts.join(';')
    if (text.length > maxLength) return withThreshold(state, undefined)
    return text === '' ? state.unset(memberKey) : state.set(memberKey, text)
  } catch {
    return state
  }
}

/** Of a span whose parent has none. */
export function stateOf(threshold: Threshold): TraceState {
  return parseTracestate(`${memberKey}=th:${threshold.text}`)!
}

/** Takes the place of a state that is cleared. */
export const emptyState: TraceState = stateOf(Threshold.zero).unset(memberKey)

function memberText(state: TraceState | undefined): string | undefined {
  try {
    const text = state?.get(memberKey)
    return typeof text === 'string' && text.length <= maxLength ? text : undefined
  } catch {
    return undefined
  }
}
