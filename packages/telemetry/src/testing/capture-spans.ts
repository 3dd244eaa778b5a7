/** How a test captures spans: around a piece of work, or from a hook to the end of the test. */
import { Capture, captureStorage } from './capture.ts'
import { closeCapture, openCapture } from './capture-router.ts'
import type { CapturedSpans } from './captured-spans.ts'

export interface CaptureOptions {
  /** Milliseconds to wait, once the work is done, for spans that have begun to end. Default 1000. */
  readonly settleMs?: number
}

const defaultSettleMs = 1000

/**
 * Runs `work` and resolves with the spans of all traces that began in it. Captures that run at the same time do not see each other's. The
 * error of work that fails is passed on. Nothing is exported, and every trace is kept, whatever the application's configuration says.
 */
export async function captureSpans(
  work: () => unknown,
  { settleMs = defaultSettleMs }: CaptureOptions = {},
): Promise<CapturedSpans> {
  const capture = new Capture()
  openCapture(capture)
  try {
    await captureStorage.run(capture, work)
    await capture.settled(settleMs)
    return capture.read()
  } finally {
    closeCapture(capture)
  }
}

export interface OpenCapture {
  /** What has ended so far, after waiting for what has begun. */
  spans(): Promise<CapturedSpans>
  stop(): void
  [Symbol.dispose](): void
}

/**
 * Captures from now until `stop`, for hooks: `beforeEach(() => { capture = startCapture() })`. What runs in the asynchronous context of
 * the caller is captured, and as long as no other capture is open, everything.
 */
export function startCapture({ settleMs = defaultSettleMs }: CaptureOptions = {}): OpenCapture {
  const capture = new Capture()
  openCapture(capture)
  captureStorage.enterWith(capture)
  const stop = () => closeCapture(capture)
  return {
    async spans() {
      await capture.settled(settleMs)
      return capture.read()
    },
    stop,
    [Symbol.dispose]: stop,
  }
}
