/** What a node may hold, and the messages for what it may not; pure, shared by every way to write one. */

import type { FieldError } from '../domain/result.ts'

export const MAX_TITLE = 200
export const MAX_BODY = 20_000

export interface NewNode {
  readonly title: string
  readonly body: string
}

/** The input as it will be stored (titles are trimmed), or everything that is wrong with it. */
export function validateNewNode(input: NewNode): { node: NewNode } | { errors: readonly FieldError[] } {
  const node = { title: input.title.trim(), body: input.body }
  const errors = [
    ...(node.title === '' ? [{ field: 'title', message: 'title must not be empty' }] : []),
    ...checkText('title', node.title, MAX_TITLE),
    ...checkText('body', node.body, MAX_BODY),
  ]
  return errors.length > 0 ? { errors } : { node }
}

function checkText(field: string, text: string, max: number): FieldError[] {
  const length = [...text].length
  if (length > max)
    return [{ field, message: `${field} must have at most ${max} characters, it has ${length}` }]
  // Postgres text holds neither; a lone surrogate would come back as another character.
  if (text.includes('\0')) return [{ field, message: `${field} must not contain the NUL character` }]
  if (!text.isWellFormed()) return [{ field, message: `${field} must be well-formed Unicode` }]
  return []
}
