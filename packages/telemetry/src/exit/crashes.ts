/**
 * Exceptions that nobody caught, and the spans that were active when they were thrown. Should the process end of it, these spans end as
 * errors, so that the trace of the request that failed is not the one that is lost. Should the application go on, nothing has happened.
 */
import { type Exception, SpanStatusCode } from '@opentelemetry/api'
import { activeContext } from '../context/context-manager.ts'
import { errorMessage, errorName } from '../trace/exception.ts'
import { RecordingSpan } from '../trace/recording-span.ts'

interface Crash {
  readonly span: RecordingSpan
  readonly error: unknown
  /** Milliseconds of the monotonic clock. */
  readonly at: number
}

/** More come only from an application that goes on after exceptions and never ends the spans in which they were thrown. */
const maxNoted = 16

export class Crashes {
  #noted: Crash[] = []

  /** Called for each uncaught exception, in the context in which it was thrown. */
  note(error: unknown): void {
    const { span } = activeContext()
    if (!(span instanceof RecordingSpan) || !span.isRecording()) return
    this.#noted = this.#noted.filter((crash) => crash.span.isRecording()).slice(1 - maxNoted)
    this.#noted.push({ span, error, at: performance.now() })
  }

  /** The process ends: ends what is still open, from the span of the exception to the first one of its trace in this process. */
  end(): void {
    for (const { span, error, at } of this.#noted.splice(0)) {
      for (const open of [span, span.localRoot]) {
        if (open?.isRecording() !== true) continue
        open.recordException(error as Exception, at)
        open.setAttribute('error.type', errorName(error))
        const message = errorMessage(error)
        open.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) })
        open.end(at)
      }
    }
  }
}
