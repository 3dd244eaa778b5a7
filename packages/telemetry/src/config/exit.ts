/** What the end of the process may take (RUSTOK_EXIT_TIMEOUT). */

import { expectMilliseconds, maxTimerMs } from '../field-checks.ts'
import type { EnvReader } from './env-reader.ts'

export interface ExitFields {
  /**
   * Milliseconds that `process.exit()` and a crash wait for the collector; never more than `shutdownTimeout`. The process waits as a whole, so
   * this is short. 0 gives up, or spools, at once.
   */
  readonly exitTimeout: number
}

export const exitDefaults: ExitFields = { exitTimeout: 2000 }

export function readExit(reader: EnvReader): Partial<ExitFields> {
  return {
    exitTimeout: reader.number(['RUSTOK_EXIT_TIMEOUT'], exitDefaults.exitTimeout, {
      min: 0,
      max: maxTimerMs,
      integer: true,
    }),
  }
}

export function checkExit({ exitTimeout }: ExitFields): void {
  expectMilliseconds('exitTimeout', exitTimeout)
}
