/**
 * Points in time, in the zone that the reader has chosen; in UTC on hovering. Nanoseconds stay text or bigint until they
 * are drawn. Called by the result list, the trace's header, the span's panel and the charts.
 */
import { zone, zoneShift } from './time-zone.ts'

const formats = {
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  minuteClock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { day: 'numeric', month: 'short' },
  dayYear: { day: 'numeric', month: 'short', year: 'numeric' },
} as const satisfies Readonly<Record<string, Intl.DateTimeFormatOptions>>

/** Made once for each zone: making one takes longer than a thousand formats. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatted(name: keyof typeof formats, millis: number): string {
  const key = `${name} ${zone()}`
  let formatter = formatters.get(key)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(undefined, {
      ...formats[name],
      ...(zone() === 'utc' && { timeZone: 'UTC' }),
    })
    formatters.set(key, formatter)
  }
  return formatter.format(millis)
}

/** Milliseconds since 1970; 0 for what is no number. */
export function unixMillis(unixNano: string): number {
  return /^\d{1,20}$/.test(unixNano) ? Number(BigInt(unixNano) / 1_000_000n) : 0
}

/** `14:05:09.120`, with the day in front when it is not today. */
export function formatTime(millis: number, now: number): string {
  if (!isDate(millis)) return 'no start time'
  const fraction = String(Math.floor(millis) % 1000).padStart(3, '0')
  return `${dayBefore(millis, now)}${formatted('clock', millis)}.${fraction}`
}

/** `14:05`, with seconds or milliseconds when the steps are finer. */
export function formatTimeOfDay(millis: number, stepMillis: number, now: number): string {
  if (!isDate(millis)) return '–'
  if (stepMillis < 1000) return formatTime(millis, now)
  return dayBefore(millis, now) + formatted(stepMillis < 60_000 ? 'clock' : 'minuteClock', millis)
}

/** `14 Mar`, alone: for axes of days. */
export function formatDay(millis: number): string {
  return isDate(millis) ? formatted('day', millis) : '–'
}

function dayBefore(millis: number, now: number): string {
  const at = shown(millis)
  const today = shown(now)
  if (at.slice(0, 10) === today.slice(0, 10)) return ''
  return `${formatted(at.slice(0, 4) === today.slice(0, 4) ? 'day' : 'dayYear', millis)}, `
}

/** `2026-03-14T14:05:09` as the reader's clock shows it. */
function shown(millis: number): string {
  const shifted = millis + zoneShift(millis)
  return isDate(shifted) ? new Date(shifted).toISOString().slice(0, -5) : ''
}

/** `2026-03-14 13:05:09.120 UTC`, for hovering. */
export function formatUtc(millis: number): string {
  if (!isDate(millis)) return 'no start time'
  return `${new Date(millis).toISOString().replace('T', ' ').replace('Z', '')} UTC`
}

/** All nine digits: `2026-03-14 13:05:09.120345678 UTC`. */
export function formatUtcNano(unixNano: bigint): string {
  const millis = Number(unixNano / 1_000_000n)
  if (!isDate(millis) || unixNano === 0n) return 'no start time'
  const seconds = new Date(millis).toISOString().slice(0, 19).replace('T', ' ')
  return `${seconds}.${String(unixNano % 1_000_000_000n).padStart(9, '0')} UTC`
}

/** `just now`, `42 s ago`, `3 min ago`, `2 h ago`, `5 d ago`; `in 3 min` when clocks differ. */
export function formatAgo(millis: number, now: number): string {
  if (!isDate(millis) || millis === 0) return ''
  const seconds = Math.round(Math.abs(now - millis) / 1000)
  if (seconds < 3) return 'just now'
  const amount =
    seconds < 60
      ? `${seconds} s`
      : seconds < 3600
        ? `${Math.floor(seconds / 60)} min`
        : seconds < 2 * 86400
          ? `${Math.floor(seconds / 3600)} h`
          : `${Math.floor(seconds / 86400)} d`
  return millis > now ? `in ${amount}` : `${amount} ago`
}

/** For `<input type="datetime-local">`: in the reader's zone, to the second. */
export function toDateInput(millis: number): string {
  return isDate(millis) ? shown(millis) : ''
}

export function fromDateInput(text: string): number | undefined {
  const millis = new Date(zone() === 'utc' ? `${text}Z` : text).getTime()
  return text !== '' && isDate(millis) ? millis : undefined
}

/** Date's own range: outside it, formatting throws. */
function isDate(millis: number): boolean {
  return Math.abs(millis) <= 8.64e15
}
