/** Checks a JSON body that should be an object of strings, and says of each field what is wrong with it. */

export interface StringField<Name extends string = string> {
  readonly field: Name
  /** In characters. */
  readonly max: number
}

export interface BodyError {
  /** Empty for the body itself. */
  readonly field: string
  readonly message: string
}

export function checkBody<const Name extends string>(
  body: unknown,
  fields: readonly StringField<Name>[],
): { readonly values: Readonly<Record<Name, string>> } | { readonly errors: readonly BodyError[] } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { errors: [{ field: '', message: 'the body must be a JSON object' }] }
  }
  const given = new Map<string, unknown>(Object.entries(body))
  const errors: BodyError[] = []
  const values: Record<string, string> = {}
  for (const { field, max } of fields) {
    const value = given.get(field)
    const message = problemOf(value, max)
    if (message !== undefined) errors.push({ field, message: `${field} ${message}` })
    else if (typeof value === 'string') values[field] = value
  }
  return errors.length > 0 ? { errors } : { values: values as Record<Name, string> }
}

function problemOf(value: unknown, max: number): string | undefined {
  if (value === undefined) return 'is missing'
  if (typeof value !== 'string') return 'must be a string'
  if (value === '') return 'must not be empty'
  if (value.length > max) return `must have at most ${max} characters`
  if (value.includes('\0') || !value.isWellFormed()) return 'must be well-formed text'
  return undefined
}
