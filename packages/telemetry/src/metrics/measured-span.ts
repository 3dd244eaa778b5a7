/**
 * A span that is measured and not exported: it knows its name, kind, start, status and tenant, and ignores the rest. The tracer makes it for what
 * is not sampled while span metrics are on.
 */
import { RecordingSpan } from '../trace/recording-span.ts'

export class MeasuredSpan extends RecordingSpan {
  override setAttribute(): this {
    return this
  }

  override setAttributes(): this {
    return this
  }

  override setKey(): void {}

  override addEvent(): this {
    return this
  }

  override addLink(): this {
    return this
  }

  override addLinks(): this {
    return this
  }

  override recordException(): void {}
}
