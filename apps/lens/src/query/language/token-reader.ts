/** The tokens of a query, read one after the other, and errors that point at them. */

import type { Range } from './expression.ts'
import { QuerySyntaxError } from './syntax-error.ts'
import { type Token, tokenize } from './tokens.ts'

export class TokenReader {
  readonly #tokens: readonly Token[]
  #position = 0

  constructor(text: string) {
    this.#tokens = tokenize(text)
  }

  /** The token that `take` returns; the last one, of type `end`, stays. */
  get next(): Token {
    return this.#at(this.#position)
  }

  get afterNext(): Token {
    return this.#at(this.#position + 1)
  }

  /** The token that was taken last. */
  get last(): Token {
    return this.#at(this.#position - 1)
  }

  take(): Token {
    const token = this.next
    if (token.type !== 'end') this.#position++
    return token
  }

  takeOperator(operator: string): boolean {
    const found = this.next.type === 'operator' && this.next.value === operator
    if (found) this.#position++
    return found
  }

  isKeyword(word: string, operator: string): boolean {
    const { type, value } = this.next
    return (type === 'word' && value.toLowerCase() === word) || (type === 'operator' && value === operator)
  }

  takeKeyword(word: string, operator: string): boolean {
    const found = this.isKeyword(word, operator)
    if (found) this.#position++
    return found
  }

  range(first: Token, last: Token): Range {
    return { column: first.start + 1, length: last.end - first.start }
  }

  /** At the next token, unless told otherwise. */
  error(message: string, first = this.next, last = first): QuerySyntaxError {
    return new QuerySyntaxError(message, first.start, last.end - first.start)
  }

  #at(position: number): Token {
    const token = this.#tokens[Math.min(position, this.#tokens.length - 1)]
    if (token === undefined) throw new Error('tokens end with one of type end')
    return token
  }
}
