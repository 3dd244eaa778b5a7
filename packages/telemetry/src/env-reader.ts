/**
 * Reads environment variables by the OpenTelemetry rules: empty equals unset, a bad value is noted once and its default used
 * instead. Used by OtelConfig alone.
 */

export type Environment = Readonly<Record<string, string | undefined>>

export class EnvReader {
  readonly #env: Environment
  readonly warnings: string[] = []

  constructor(env: Environment) {
    this.#env = env
  }

  /** The first of `names` that is set. */
  text(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = this.#env[name]?.trim()
      if (value) return value
    }
    return undefined
  }

  /** Of the first of `names` that is set; `integer` values are also bounded below. */
  number(
    names: readonly string[],
    fallback: number,
    range: { min: number; max?: number; integer?: boolean },
  ): number {
    const found = this.#find(names)
    if (found === undefined) return fallback
    const value = Number(found.value)
    const { min, max = Number.POSITIVE_INFINITY, integer = false } = range
    if (Number.isFinite(value) && value >= min && value <= max && (!integer || Number.isInteger(value)))
      return value
    const wanted = `${integer ? 'a whole number' : 'a number'} ${max === Number.POSITIVE_INFINITY ? `from ${min}` : `from ${min} to ${max}`}`
    this.warn(found.name, found.value, wanted, fallback)
    return fallback
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.text(name)
    if (value === undefined) return fallback
    const lower = value.toLowerCase()
    if (lower === 'true' || lower === 'false') return lower === 'true'
    // Every boolean of the specification is false unless it says true; those that default to true keep their default.
    this.warn(name, value, 'true or false', fallback)
    return fallback
  }

  /** One of `choices`, in any case. */
  choice<T extends string>(names: readonly string[], choices: readonly T[], fallback: T): T {
    const found = this.#find(names)
    if (found === undefined) return fallback
    const choice = choices.find((candidate) => candidate === found.value.toLowerCase())
    if (choice !== undefined) return choice
    this.warn(found.name, found.value, `one of ${choices.join(', ')}`, fallback)
    return fallback
  }

  /** `key=value,key=value`, percent-encoded; one bad pair discards the whole list (specification: Resource SDK). */
  pairs(...names: readonly string[]): Record<string, string> {
    const found = this.#find(names)
    if (found === undefined) return {}
    const result: Record<string, string> = {}
    try {
      for (const pair of found.value.split(',')) {
        if (pair.trim() === '') continue
        const equals = pair.indexOf('=')
        const key = decodeURIComponent(pair.slice(0, equals).trim())
        if (equals < 0 || key === '') throw new SyntaxError(`'${pair.trim()}' is not key=value`)
        result[key] = decodeURIComponent(pair.slice(equals + 1).trim())
      }
      return result
    } catch (cause) {
      this.warnings.push(`${found.name} is ignored: ${(cause as Error).message}`)
      return {}
    }
  }

  warn(name: string, value: string, wanted: string, fallback: unknown): void {
    this.warnings.push(`${name}='${value}' is not ${wanted}: using ${String(fallback)}`)
  }

  #find(names: readonly string[]): { name: string; value: string } | undefined {
    for (const name of names) {
      const value = this.text(name)
      if (value !== undefined) return { name, value }
    }
    return undefined
  }
}
