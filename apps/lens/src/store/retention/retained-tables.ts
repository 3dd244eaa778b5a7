/** The tables that retention is about. A table that is not there yet, or not any more, is no harm. */

/** What was received, each row with its own time: dropped piece by piece, the oldest first. */
export const recordTables = ['spans', 'logs'] as const

/** Small, and derived from those: their rows go when what they were derived from has gone. */
export const derivedTables = [
  'traces',
  'calls',
  'counted_seconds',
  'entries',
  'operations',
  'resources',
] as const
