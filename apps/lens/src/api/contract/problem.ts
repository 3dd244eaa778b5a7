/** Errors. */

/** Every error of this API: RFC 9457 problem details. `parameter` names what was wrong in the query string. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly parameter?: string
  /** Where in the parameter's text, in UTF-16 code units: `column` from 1, `length` 0 where something is missing at the end. */
  readonly position?: { readonly column: number; readonly length: number }
}
