/** Query text as tokens. A word is anything between spaces, quotes, brackets and operators, so that paths and ids need no quotes. */

import { QuerySyntaxError } from './syntax-error.ts'

export interface Token {
  readonly type: 'word' | 'string' | 'operator' | 'end'
  /** Of a string, what the quotes hold, escapes undone. */
  readonly value: string
  /** Offsets in the text; `end` is that after the last character. */
  readonly start: number
  readonly end: number
}

const space = /\s+/y
const word = /[^\s"'(){}=!<>~&|]+/y
const operator = /=~|==|!=|!~|<=|>=|&&|\|\||[=<>~!(){}]/y

export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let position = 0
  while (true) {
    position += matchAt(space, text, position).length
    const start = position
    if (start === text.length) {
      tokens.push({ type: 'end', value: '', start, end: start })
      return tokens
    }
    const quote = text[start]
    if (quote === '"' || quote === "'") {
      const string = quoted(text, start, quote)
      tokens.push(string)
      position = string.end
      continue
    }
    const found = matchAt(word, text, start)
    const value = found || matchAt(operator, text, start)
    if (value === '') {
      throw new QuerySyntaxError(`unexpected ${text[start]}: text that holds it needs quotes`, start, 1)
    }
    position = start + value.length
    tokens.push({ type: found === '' ? 'operator' : 'word', value, start, end: position })
  }
}

function matchAt(pattern: RegExp, text: string, position: number): string {
  pattern.lastIndex = position
  return pattern.exec(text)?.[0] ?? ''
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/** Of other escapes the backslash stays, so that regular expressions read as they are known: `"\d+"`. */
function quoted(text: string, start: number, quote: string): Token {
  let value = ''
  for (let position = start + 1; position < text.length; position++) {
    const character = text[position] ?? ''
    if (character === quote) return { type: 'string', value, start, end: position + 1 }
    if (character !== '\\') {
      value += character
      continue
    }
    position++
    const escaped = text[position] ?? ''
    const code = /^u[0-9a-f]{4}/i.exec(text.slice(position, position + 5))
    if (code !== null) {
      value += String.fromCharCode(Number.parseInt(code[0].slice(1), 16))
      position += 4
    } else {
      value += escapes[escaped] ?? `\\${escaped}`
    }
  }
  throw new QuerySyntaxError(`expected a closing ${quote}`, start, text.length - start)
}
