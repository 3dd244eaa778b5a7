/** `@rustok/telemetry/testing`: capture the spans of a test and assert on their tree. See "Testing" in the README. */
export { assertTrace, TraceAssertionError } from './assert-trace.ts'
export { type CaptureOptions, captureSpans, type OpenCapture, startCapture } from './capture-spans.ts'
export type { CapturedSpans } from './captured-spans.ts'
export type { ExpectedSpan, ExpectedTrace } from './expected-trace.ts'
export type {
  CapturedAttributes,
  CapturedEvent,
  CapturedLink,
  CapturedSpan,
  CapturedValue,
  SpanKindName,
} from './read-spans.ts'
export type { SpanMatch, ValueMatch } from './span-match.ts'
