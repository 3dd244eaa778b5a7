/** What texts may hold, and the messages for what they may not; for the inputs of every domain. */
import type { FieldError } from './result.ts'

export interface TextRule {
  readonly max: number
  readonly required?: boolean
}

/** Nothing when the text can be stored as it is. Characters are code points. */
export function checkText(field: string, text: string, { max, required = false }: TextRule): FieldError[] {
  if (required && text === '') return [{ field, message: `${field} must not be empty` }]
  const length = [...text].length
  if (length > max) {
    return [{ field, message: `${field} must have at most ${max} characters, it has ${length}` }]
  }
  // Postgres text holds neither; a lone surrogate would come back as another character.
  if (text.includes('\0')) return [{ field, message: `${field} must not contain the NUL character` }]
  if (!text.isWellFormed()) return [{ field, message: `${field} must be well-formed Unicode` }]
  return []
}
