/** How many spans travel together and how many may wait (OTEL_BSP_*). */

import { expect, expectMilliseconds, maxTimerMs } from '../field-checks.ts'
import type { EnvReader } from './env-reader.ts'

export interface BatchFields {
  /** Milliseconds that a span waits at most for its batch to fill. */
  readonly scheduleDelay: number
  /** Spans that may wait once `maxBufferBytes` are on their way, up to twice those bytes. */
  readonly maxQueueSize: number
  /** Spans in one request. */
  readonly maxExportBatchSize: number
  /** Bytes of encoded spans that may be on their way to the collector. */
  readonly maxBufferBytes: number
}

export const batchDefaults: BatchFields = {
  scheduleDelay: 5000,
  maxQueueSize: 2048,
  maxExportBatchSize: 512,
  maxBufferBytes: 64 * 1024 * 1024,
}

export function readBatch(reader: EnvReader): Partial<BatchFields> {
  const count = { min: 1, integer: true }
  const maxQueueSize = reader.number(['OTEL_BSP_MAX_QUEUE_SIZE'], batchDefaults.maxQueueSize, count)
  const fallback = Math.min(batchDefaults.maxExportBatchSize, maxQueueSize)
  let maxExportBatchSize = reader.number(['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'], fallback, count)
  if (maxExportBatchSize > maxQueueSize) {
    const wanted = `at most OTEL_BSP_MAX_QUEUE_SIZE (${maxQueueSize})`
    reader.warn('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', String(maxExportBatchSize), wanted, maxQueueSize)
    maxExportBatchSize = maxQueueSize
  }
  const { scheduleDelay } = batchDefaults
  return {
    scheduleDelay: reader.number(['OTEL_BSP_SCHEDULE_DELAY'], scheduleDelay, {
      min: 0,
      max: maxTimerMs,
      integer: true,
    }),
    maxQueueSize,
    maxExportBatchSize,
  }
}

export function checkBatch(fields: BatchFields): void {
  const { maxExportBatchSize, maxQueueSize, maxBufferBytes } = fields
  expect(
    maxExportBatchSize >= 1 && maxQueueSize >= maxExportBatchSize,
    'maxExportBatchSize must be at least 1 and at most maxQueueSize',
  )
  expectMilliseconds('scheduleDelay', fields.scheduleDelay)
  expect(maxBufferBytes >= 0, `maxBufferBytes must be at least 0, not ${maxBufferBytes}`)
}
