/** Which incoming requests are not recorded, by their paths: a set of whole ones and a list of beginnings. */
export type IsIgnored = (target: string) => boolean

/** Undefined for no patterns, so that nobody asks. `/health` is that path alone, `/assets/*` all that begins with `/assets/`. */
export function ignoredPaths(patterns: readonly string[]): IsIgnored | undefined {
  if (patterns.length === 0) return undefined
  const whole = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const beginnings = patterns
    .filter((pattern) => pattern.endsWith('*'))
    .map((pattern) => pattern.slice(0, -1))
  return (target) => {
    const end = target.search(/[?#]/)
    const path = end < 0 ? target : target.slice(0, end)
    return whole.has(path) || beginnings.some((beginning) => path.startsWith(beginning))
  }
}
