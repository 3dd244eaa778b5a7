/**
 * Where ended spans go while there are captures: to the capture that their trace belongs to, else on to where they went before. A trace belongs
 * to the capture in whose asynchronous context it began; one that began in none, in a server that listens for longer, belongs to the
 * only capture there is.
 *
 * The application may start and stop its tracing meanwhile; while it has not, a stand-in without any export takes its place.
 */
import type { SpanOptions } from '@opentelemetry/api'
import { trace } from '@opentelemetry/api'
import { OtelConfig } from '../config.ts'
import type { TraceContext } from '../context/context.ts'
import { lifecycle } from '../lifecycle.ts'
import { type Decision, drop, type HeadSampler, keepAll } from '../sample/decision.ts'
import type { RecordingSpan } from '../trace/recording-span.ts'
import { latestProvider, registerProvider, succeed } from '../trace/register-provider.ts'
import type { ScopeSpans } from '../trace/scope-spans.ts'
import type { SpanIdentity } from '../trace/span-identity.ts'
import { type SpanStage, TracerProvider } from '../trace/tracer-provider.ts'
import { currentTracing, startTracing, type Tracing } from '../tracing.ts'
import { type Capture, captureStorage } from './capture.ts'

const captures = new Set<Capture>()
/** By trace, until the capture is closed. */
const owners = new Map<string, Capture>()

/** The provider whose tracers are redirected. */
let covered: TracerProvider | undefined
/** What stands in for the application's tracing. */
let standIn: Tracing | undefined
/** True while the stand-in is started or stopped, which is not the application's doing. */
let changing = false

export function openCapture(capture: Capture): void {
  captures.add(capture)
  if (captures.size === 1) take()
}

export function closeCapture(capture: Capture): void {
  if (!captures.delete(capture)) return
  for (const [key, owner] of owners) if (owner === capture) owners.delete(key)
  if (captures.size === 0) giveBack()
}

lifecycle.beforeStart = () => {
  if (standIn !== undefined && !changing) giveBack()
}
lifecycle.afterStart = () => {
  if (captures.size > 0 && !changing) take()
}
lifecycle.afterStop = () => {
  if (captures.size > 0 && !changing) take()
}

/** Redirects all tracers. */
function take(): void {
  changing = true
  // What is off starts propagation and instrumentation, and has nothing that exports.
  if (currentTracing() === undefined) standIn = startTracing(new OtelConfig({ enabled: false }))
  changing = false
  covered = latestProvider()!
  const provider = new TracerProvider(stageOver(covered.stage), samplerOver(covered.sampler), covered.limits)
  if (isRegistered()) succeed(provider)
  else registerProvider(provider)
}

/** The tracers go where they went before. */
function giveBack(): void {
  if (!isRegistered()) trace.disable()
  if (covered !== undefined) succeed(covered)
  covered = undefined
  changing = true
  // It has nothing to wait for: it is stopped when this returns.
  void standIn?.shutdown()
  standIn = undefined
  changing = false
}

/** Whether the application's own provider is registered: one that is off is not. */
function isRegistered(): boolean {
  return currentTracing()?.config.enabled === true
}

function stageOver(before: SpanStage | undefined): SpanStage {
  return {
    add(scope: ScopeSpans, span: RecordingSpan): void {
      const owner = owners.get(keyOf(span))
      if (owner !== undefined) owner.end(scope, span)
      else before?.add(scope, span)
    },
  }
}

/** Every trace of a capture is kept, whatever the application samples. */
function samplerOver(before: HeadSampler): HeadSampler {
  return {
    decide(
      parent: SpanIdentity | undefined,
      traceId0: number,
      traceId1: number,
      traceId2: number,
      traceId3: number,
      name: string,
      options: SpanOptions,
      context: TraceContext,
    ): Decision {
      const key = keyOf({ traceId0, traceId1, traceId2, traceId3 })
      const owner = owners.get(key) ?? ownerHere()
      if (owner !== undefined) {
        owners.set(key, owner)
        owner.begin()
        return keepAll
      }
      if (covered?.stage === undefined) return drop
      return before.decide(parent, traceId0, traceId1, traceId2, traceId3, name, options, context)
    },
    toString: () => `capturing, else ${before}`,
  }
}

function ownerHere(): Capture | undefined {
  const here = captureStorage.getStore()
  if (here !== undefined) return captures.has(here) ? here : undefined
  const [only] = captures
  return captures.size === 1 ? only : undefined
}

function keyOf(ids: {
  readonly traceId0: number
  readonly traceId1: number
  readonly traceId2: number
  readonly traceId3: number
}): string {
  return `${ids.traceId0},${ids.traceId1},${ids.traceId2},${ids.traceId3}`
}
