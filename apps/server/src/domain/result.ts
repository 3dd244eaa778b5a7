/** How services answer: with a value, or with why they did nothing. What a caller can get wrong is no exception. */

export interface FieldError {
  /** Of the input; nested ones by their path, `variants.0.price.currency`. */
  readonly field: string
  readonly message: string
}

export type Refusal =
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** Also for what exists in another tenant. */
  | { readonly kind: 'not_found' }
  | { readonly kind: 'forbidden' }
  /** Somebody else changed it since the caller looked. */
  | { readonly kind: 'version_conflict'; readonly currentVersion: number }
  /** What is asked for is right in itself, but not now: to edit what is archived, to order an empty cart. */
  | { readonly kind: 'wrong_state'; readonly message: string }

/** `More`: what a domain refuses in words of its own, an item out of stock. */
export type Result<T, More extends { readonly kind: string } = never> =
  | { readonly value: T; readonly refusal?: never }
  | { readonly value?: never; readonly refusal: Refusal | More }

export type OperationOutcome = 'ok' | Refusal['kind'] | 'error'

export const NOT_FOUND: { readonly refusal: Refusal } = { refusal: { kind: 'not_found' } }
export const FORBIDDEN: { readonly refusal: Refusal } = { refusal: { kind: 'forbidden' } }

export function invalid(field: string, message: string): { refusal: Refusal } {
  return { refusal: { kind: 'invalid', errors: [{ field, message }] } }
}

export function invalidFields(errors: readonly FieldError[]): { refusal: Refusal } {
  return { refusal: { kind: 'invalid', errors } }
}

export function wrongState(message: string): { refusal: Refusal } {
  return { refusal: { kind: 'wrong_state', message } }
}

export function versionConflict(currentVersion: number): { refusal: Refusal } {
  return { refusal: { kind: 'version_conflict', currentVersion } }
}
