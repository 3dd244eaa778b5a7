/** Refuses a field of a configuration made by hand that cannot work; used by the checks of config/'s sections. */
import { OtelError } from './errors.ts'

/** @throws OtelError INVALID_CONFIG unless `holds`; `otherwise` names the field. */
export function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new OtelError('INVALID_CONFIG', otherwise)
}

/** A longer delay overflows Node's timers and fires at once. */
export const maxTimerMs = 2 ** 31 - 1

export function expectMilliseconds(name: string, ms: number): void {
  expect(ms >= 0 && ms <= maxTimerMs, `${name} must be from 0 to ${maxTimerMs} milliseconds, not ${ms}`)
}
