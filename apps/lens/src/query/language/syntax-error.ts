/** The one error of the query language: what is wrong, and where. */

import type { Range } from './expression.ts'

export class QuerySyntaxError extends Error implements Range {
  override readonly name = 'QuerySyntaxError'
  readonly column: number
  readonly length: number

  /** `start` counts from 0. */
  constructor(message: string, start: number, length: number) {
    super(message)
    this.column = start + 1
    this.length = length
  }
}
