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
    return this.choiceIfSet(names, choices, fallback) ?? fallback
  }

  /** The same; undefined when none is set or what is set is no choice. `instead` is what the warning names. */
  choiceIfSet<T extends string>(
    names: readonly string[],
    choices: readonly T[],
    instead: string,
  ): T | undefined {
    const found = this.#find(names)
    if (found === undefined) return undefined
    const choice = choices.find((candidate) => candidate === found.value.toLowerCase())
    if (choice === undefined) this.warn(found.name, found.value, `one of ${choices.join(', ')}`, instead)
    return choice
  }

  /** `key=value,key=value`, percent-encoded; one bad pair discards the whole list (specification: Resource SDK). */
  pairs(name: string): Record<string, string> {
    const value = this.text(name)
    if (value === undefined) return {}
    const pairs = parsePairs(value, () => true)
    if (typeof pairs === 'object') return pairs
    this.warnings.push(`${name}='${value}' is ignored: entry ${pairs} is not key=value`)
    return {}
  }

  /** The same for headers, whose values are secrets and are not shown; `isHeader` says which can be sent. */
  headers(
    names: readonly string[],
    isHeader: (name: string, value: string) => boolean,
  ): Record<string, string> {
    const found = this.#find(names)
    if (found === undefined) return {}
    const pairs = parsePairs(found.value, isHeader)
    if (typeof pairs === 'object') return pairs
    this.warnings.push(`${found.name} is ignored: entry ${pairs} is not a name=value that can be sent`)
    return {}
  }

  warn(name: string, value: string, wanted: string, fallback: unknown): void {
    const shown = value.replace(/(?<=:\/\/)[^/?#]*@/, 'REDACTED@')
    this.warnings.push(`${name}='${shown}' is not ${wanted}: using ${String(fallback)}`)
  }

  #find(names: readonly string[]): { name: string; value: string } | undefined {
    for (const name of names) {
      const value = this.text(name)
      if (value !== undefined) return { name, value }
    }
    return undefined
  }
}

/** The pairs, or the number of the first entry that is none. */
function parsePairs(
  list: string,
  accept: (key: string, value: string) => boolean,
): Record<string, string> | number {
  const pairs: [string, string][] = []
  for (const [index, entry] of list.split(',').entries()) {
    if (entry.trim() === '') continue
    const equals = entry.indexOf('=')
    const key = decode(entry.slice(0, Math.max(0, equals)))
    const value = decode(entry.slice(equals + 1))
    if (!key || value === undefined || !accept(key, value)) return index + 1
    pairs.push([key, value])
  }
  return Object.fromEntries(pairs)
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim())
  } catch {
    return undefined
  }
}
