/**
 * Durations in human units and back. Three significant digits: enough to compare, few enough to read. Called wherever a
 * duration is drawn, and by the search form for what its user types.
 */
const UNITS = [
  { name: 'ns', nanos: 1 },
  { name: 'µs', nanos: 1e3 },
  { name: 'ms', nanos: 1e6 },
  { name: 's', nanos: 1e9 },
] as const

const MINUTE = 60e9
const HOUR = 3600e9
const DAY = 86400e9

/** `850 ns`, `12.3 µs`, `4.56 ms`, `1.2 s`, `2 min 5 s`, `3 h 12 min`, `2 d 4 h`. */
export function formatDuration(nanos: number): string {
  if (!Number.isFinite(nanos)) return '–'
  const sign = nanos < 0 ? '−' : ''
  const size = Math.abs(nanos)
  if (size === 0) return '0 ns'
  if (size >= 59.95e9) return sign + formatClockDuration(size)
  for (const unit of UNITS) {
    const rounded = roundTo3(size / unit.nanos)
    if (rounded < 1000 || unit.name === 's') return `${sign}${rounded} ${unit.name}`
  }
  return '–'
}

function formatClockDuration(nanos: number): string {
  if (nanos < HOUR - 0.5e9) return compound(nanos, MINUTE, 'min', 1e9, 's')
  if (nanos < DAY - MINUTE / 2) return compound(nanos, HOUR, 'h', MINUTE, 'min')
  return compound(nanos, DAY, 'd', HOUR, 'h')
}

/** In two units, rounded to the smaller one, which is left out when there is none of it. */
function compound(nanos: number, big: number, bigName: string, small: number, smallName: string): string {
  const total = Math.round(nanos / small)
  const per = Math.round(big / small)
  const rest = total % per
  return `${Math.floor(total / per)} ${bigName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}

function roundTo3(value: number): number {
  if (value >= 100) return Math.round(value)
  if (value >= 10) return Math.round(value * 10) / 10
  return Math.round(value * 100) / 100
}

/** For a ruler: `time` in the unit that suits the ruler's end, with the decimals that tell its steps apart. */
export function formatDurationAt(time: number, step: number, end: number): string {
  if (time === 0) return '0'
  if (end >= 2 * MINUTE && step >= 1e9) return formatClockTick(time, step)
  const unit = UNITS.findLast((candidate) => Math.max(end, step) >= candidate.nanos) ?? UNITS[0]
  const decimals = Math.max(0, Math.ceil(-Math.log10(step / unit.nanos) - 1e-9))
  return `${(time / unit.nanos).toFixed(Math.min(decimals, 9))} ${unit.name}`
}

function formatClockTick(time: number, step: number): string {
  if (step >= HOUR && time >= DAY) return compound(time, DAY, 'd', HOUR, 'h')
  if (step >= MINUTE && time >= HOUR) return compound(time, HOUR, 'h', MINUTE, 'min')
  return time < MINUTE ? `${Math.round(time / 1e9)} s` : compound(time, MINUTE, 'min', 1e9, 's')
}

const FACTORS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: MINUTE,
  min: MINUTE,
  h: HOUR,
  d: DAY,
}

/** Nanoseconds; undefined for what is no duration. A bare number means milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,15}(?:[.,]\d{1,9})?)\s*([a-zµμ]*)$/iu.exec(text.trim())
  if (match === null) return undefined
  const factor = FACTORS[match[2] === '' ? 'ms' : match[2]!.toLowerCase()]
  if (factor === undefined) return undefined
  return Number(match[1]!.replace(',', '.')) * factor
}

/** As the API writes it: a number and one of ns, us, ms, s, m, h, without a space. */
export function canonicalDuration(text: string): string | undefined {
  const match = /^(\d{1,15}(?:[.,]\d{1,9})?)\s*([a-zµμ]*)$/iu.exec(text.trim())
  if (match === null || parseDuration(text) === undefined) return undefined
  const unit = match[2] === '' ? 'ms' : match[2]!.toLowerCase().replace(/[µμ]/, 'u')
  return `${match[1]!.replace(',', '.')}${unit === 'min' ? 'm' : unit}`
}

/** Whole nanoseconds as the API reads them, without loss, in the largest unit that they fill: `1.189207ms`. */
export function exactDuration(nanos: number): string {
  const [unit, digits] =
    nanos >= 1e9
      ? (['s', 9] as const)
      : nanos >= 1e6
        ? (['ms', 6] as const)
        : nanos >= 1e3
          ? (['us', 3] as const)
          : (['ns', 0] as const)
  const text = String(Math.round(nanos)).padStart(digits + 1, '0')
  const fraction = text.slice(text.length - digits).replace(/0+$/, '')
  const whole = digits === 0 ? text : text.slice(0, -digits)
  return `${whole}${digits === 0 || fraction === '' ? '' : `.${fraction}`}${unit}`
}
