/** The disk queue for batches that cannot be delivered (RUSTOK_SPOOL_*). */

import { expect } from '../field-checks.ts'
import type { EnvReader } from './env-reader.ts'

export interface SpoolFields {
  /** Where they are kept. Undefined keeps them in memory alone. */
  readonly spoolDirectory: string | undefined
  /** Bytes on disk, for each process; beyond them the oldest are dropped. */
  readonly spoolMaxBytes: number
}

/** Below it a single request might not fit. */
const minBytes = 1024 * 1024

export const spoolDefaults: SpoolFields = {
  spoolDirectory: undefined,
  // Ten minutes of 5,000 spans a second, of 0.4 kB each, are 1.1 GiB.
  spoolMaxBytes: 2 * 1024 ** 3,
}

export function readSpool(reader: EnvReader): Partial<SpoolFields> {
  return {
    spoolDirectory: reader.text('RUSTOK_SPOOL_DIRECTORY'),
    spoolMaxBytes: reader.number(['RUSTOK_SPOOL_MAX_BYTES'], spoolDefaults.spoolMaxBytes, {
      min: minBytes,
      integer: true,
    }),
  }
}

export function checkSpool({ spoolDirectory, spoolMaxBytes }: SpoolFields): void {
  expect(spoolDirectory !== '', 'spoolDirectory must be a path, or undefined')
  expect(spoolMaxBytes >= minBytes, `spoolMaxBytes must be at least ${minBytes}, not ${spoolMaxBytes}`)
}
