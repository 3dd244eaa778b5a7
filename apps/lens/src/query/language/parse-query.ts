/** Query text to a tree, by recursive descent. Whatever is wrong with the text is a QuerySyntaxError that says where. */

import type { Expression, Query } from './expression.ts'
import { parseCondition } from './parse-condition.ts'
import { QuerySyntaxError } from './syntax-error.ts'
import { TokenReader } from './token-reader.ts'

/** More than a person types, and what a link can hold. */
const longestText = 4096
/** Each becomes a pass over a column. */
const mostConditions = 64
const deepest = 32

/** Throws QuerySyntaxError, and nothing else. */
export function parseQuery(text: string): Query {
  if (text.length > longestText) {
    throw new QuerySyntaxError(
      `longer than ${longestText} characters`,
      longestText,
      text.length - longestText,
    )
  }
  const illFormed = text.search(/\p{Surrogate}/u)
  if (illFormed !== -1) throw new QuerySyntaxError('half a character', illFormed, 1)
  return new Parser(text).parse()
}

class Parser {
  readonly #text: string
  readonly #tokens: TokenReader
  #conditions = 0
  #depth = 0
  #inSpans = false
  #traceScope: Query['traceScope']

  constructor(text: string) {
    this.#text = text
    this.#tokens = new TokenReader(text)
  }

  parse(): Query {
    const expression = this.#or()
    const { next } = this.#tokens
    if (next.type !== 'end') {
      const reason = next.value === ')' || next.value === '}' ? `nothing open that ${next.value} closes` : ''
      throw this.#tokens.error(reason || 'expected and, or, or the end of the query')
    }
    return { text: this.#text, expression, traceScope: this.#traceScope }
  }

  #or(): Expression {
    const operands = [this.#and()]
    while (this.#tokens.takeKeyword('or', '||')) operands.push(this.#and())
    return joined('or', operands)
  }

  /** Conditions side by side are joined by `and`. */
  #and(): Expression {
    const operands = [this.#unary()]
    while (this.#tokens.takeKeyword('and', '&&') || this.#startsCondition()) operands.push(this.#unary())
    return joined('and', operands)
  }

  #startsCondition(): boolean {
    const { next } = this.#tokens
    if (next.type === 'word') return !this.#tokens.isKeyword('or', '||')
    return next.type === 'string' || ['(', '{', '!'].includes(next.value)
  }

  #unary(): Expression {
    if (!this.#tokens.takeKeyword('not', '!')) return this.#primary()
    const operand = this.#deeper(() => this.#unary())
    return operand.type === 'not' ? operand.operand : { type: 'not', operand }
  }

  #primary(): Expression {
    const { next } = this.#tokens
    if (next.type === 'operator' && next.value === '(') return this.#bracketed(')')
    if (next.type === 'operator' && next.value === '{') return this.#spans()
    if (++this.#conditions > mostConditions) {
      throw this.#tokens.error(`more than ${mostConditions} conditions`)
    }
    const condition = parseCondition(this.#tokens)
    if (condition.type === 'trace') {
      if (this.#inSpans) {
        throw this.#tokens.error('a condition on the trace stands outside braces', next, this.#tokens.last)
      }
      this.#traceScope ??= this.#tokens.range(next, this.#tokens.last)
    }
    return condition
  }

  #spans(): Expression {
    const open = this.#tokens.next
    if (this.#inSpans) throw this.#tokens.error('braces cannot stand in braces', open)
    this.#inSpans = true
    const operand = this.#bracketed('}')
    this.#inSpans = false
    this.#traceScope ??= this.#tokens.range(open, this.#tokens.last)
    return { type: 'spans', operand }
  }

  #bracketed(close: ')' | '}'): Expression {
    const open = this.#tokens.take()
    const expression = this.#deeper(() => this.#or())
    if (!this.#tokens.takeOperator(close)) {
      const { next } = this.#tokens
      if (next.type === 'end') throw this.#tokens.error(`expected a closing ${close}`, open)
      throw this.#tokens.error(`expected and, or, or ${close}`)
    }
    return expression
  }

  #deeper<Result>(parse: () => Result): Result {
    if (++this.#depth > deepest) throw this.#tokens.error(`nested deeper than ${deepest} levels`)
    const result = parse()
    this.#depth--
    return result
  }
}

/** `a and (b and c)` is one list of three. */
function joined(type: 'and' | 'or', operands: readonly Expression[]): Expression {
  const [first] = operands
  if (operands.length === 1 && first !== undefined) return first
  return {
    type,
    operands: operands.flatMap((operand) => (operand.type === type ? operand.operands : [operand])),
  }
}
