/** Rates, shares and changes in words and units that people say. Called wherever a number of the statistics is drawn. */

/** Per second from ten a second on, per hour below one a minute, per day below one an hour, else per minute: `12.4/s`, `340/min`, `6/h`. */
export function formatRate(perMinute: number): string {
  if (!Number.isFinite(perMinute)) return '–'
  if (perMinute === 0) return '0/min'
  if (perMinute >= 600) return `${formatCount(perMinute / 60)}/s`
  // An hour that ends at its last millisecond is a little less than one.
  if (perMinute >= 0.995) return `${formatCount(perMinute)}/min`
  return perMinute * 60 >= 0.995 ? `${formatCount(perMinute * 60)}/h` : `${formatCount(perMinute * 1440)}/d`
}

/** Three digits: `3.2`, `41`, `1,204`, `12.4 k`, `3.1 M`. */
export function formatCount(count: number): string {
  if (count >= 999_500) return `${toThree(count / 1e6)} M`
  if (count >= 9999.5) return `${toThree(count / 1e3)} k`
  if (count >= 99.5) return Math.round(count).toLocaleString('en')
  return toThree(count)
}

function toThree(value: number): string {
  if (value >= 99.5) return String(Math.round(value))
  const rounded = value >= 9.95 ? Math.round(value * 10) / 10 : Math.round(value * 100) / 100
  return rounded === 0 && value > 0 ? '<0.01' : String(rounded)
}

/** Of 0 to 1: `0 %`, `<0.1 %`, `3.1 %`, `12 %`, `100 %`; not 100 unless it is all. */
export function formatShare(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return '–'
  if (share === 0) return '0 %'
  if (share < 0.001) return '<0.1 %'
  if (share < 0.0995) return `${Math.round(share * 1000) / 10} %`
  if (share < 1 && share >= 0.995) return '>99 %'
  return `${Math.round(share * 100)} %`
}

/** From `before` to `now`: `+24 %`, `−8 %`, `×3.2`, `÷5`, `new`, `gone`; `±0 %` for less than half a percent. */
export function formatRatio(before: number, now: number): string {
  if (before === 0 && now === 0) return '±0 %'
  if (before === 0) return 'new'
  if (now === 0) return 'gone'
  const ratio = now / before
  if (ratio >= 2) return `×${toThree(ratio)}`
  if (ratio <= 0.5) return `÷${toThree(1 / ratio)}`
  const percent = Math.round((ratio - 1) * 100)
  return percent === 0 ? '±0 %' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`
}

/** Of shares: `+2.9 pt`, in points of a hundred. */
export function formatPoints(before: number, now: number): string {
  const points = (now - before) * 100
  const size = Math.abs(points)
  if (size < 0.05) return '±0 pt'
  return `${points > 0 ? '+' : '−'}${size >= 9.95 ? Math.round(size) : Math.round(size * 10) / 10} pt`
}
