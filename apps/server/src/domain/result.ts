/** How services answer: with a value, or with why they did nothing. What a caller can get wrong is no exception. */

export interface FieldError {
  /** Of the input; nested ones by their path, `address.city`. */
  readonly field: string
  readonly message: string
}

export type Refusal =
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** Also for what exists in another tenant. */
  | { readonly kind: 'not_found' }
  | { readonly kind: 'forbidden' }

export type Result<T> = { readonly value: T; readonly refusal?: never } | { readonly refusal: Refusal }

export type OperationOutcome = 'ok' | Refusal['kind'] | 'error'

export function invalid(field: string, message: string): { refusal: Refusal } {
  return { refusal: { kind: 'invalid', errors: [{ field, message }] } }
}
