/**
 * Which tables a statement reads, and that it reads nothing else: the second lock beside `additional_table_filters`, which do not hold for system tables
 * and table functions. Statements are ours; this makes it an error, and never a leak, when one reads what no tenant may see. What it does not understand it
 * refuses.
 */

export class StatementNotTenantedError extends Error {
  override readonly name = 'StatementNotTenantedError'
}

/** Literals, comments and placeholders are one token each; they name no tables. */
const token =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S])*"|`(?:[^`\\]|\\[\s\S])*`|\{\w+:[^}]*\}|[A-Za-z_]\w*|\d[\w.]*|[\s\S]/g

/** They make rows of their own arguments. */
const rowMakers = new Set(['numbers', 'zeros', 'generate_series', 'generateseries', 'values'])
/** May stand to the right of IN. */
const setMakers = new Set(['tuple', 'array', 'unhex', 'arraymap', 'arraydistinct', 'arrayzip', 'range'])
/** They read tables, dictionaries or files by a name in a string. */
const readsByName =
  /^(dict\w*|joinget\w*|file|hascolumnintable|filesystem\w*|getsetting|catboostevaluate|merge\w*)$/
const forbidden = new Set(['additional_table_filters', 'outfile', 'infile', 'system', 'information_schema'])

/** Names as they stand; those of common table expressions are left out. Throws StatementNotTenantedError. */
export function statementTables(statement: string): ReadonlySet<string> {
  const tokens = (statement.match(token) ?? []).filter((text) => !/^(\s|--|\/\*)/.test(text))
  const words = tokens.map((text) => text.toLowerCase())
  const refuse = (why: string) => new StatementNotTenantedError(`${why}, in: ${statement}`)
  if (words[0] !== 'select' && words[0] !== 'with') throw refuse('not a SELECT')

  const tables = new Set<string>()
  const expressions = new Set<string>()
  for (const [index, word] of words.entries()) {
    const next = words[index + 1] ?? ''
    if (forbidden.has(word)) throw refuse(`${word} is not for tenants`)
    if (next === '(' && readsByName.test(word)) throw refuse(`${word}() is not for tenants`)
    if (next === 'as' && words[index + 2] === '(' && /^(select|with)$/.test(words[index + 3] ?? '')) {
      expressions.add(tokens[index] ?? '')
    }
    const isSource = word === 'from' || (word === 'join' && words[index - 1] !== 'array')
    if (!isSource && word !== 'in') continue
    if (next === '(' || (word === 'in' && /^[['{\d]/.test(next))) continue
    const after = words[index + 2] ?? ''
    if (!/^[a-z_]/.test(next)) throw refuse(`${word} is followed by ${next}`)
    if (after === '(') {
      if (!(isSource ? rowMakers : setMakers).has(next)) throw refuse(`${next}() is not for tenants`)
    } else if (after === '.') throw refuse('a name with its database')
    else tables.add(tokens[index + 1] ?? '')
    if (isSource && listsAnother(words, index + 2)) throw refuse('a list of tables')
  }
  for (const name of expressions) tables.delete(name)
  return tables
}

/** `FROM a, b` and `FROM a AS x, b`: a join by comma, which nobody needs. */
function listsAnother(words: readonly string[], start: number): boolean {
  let index = start
  if (words[index] === 'as') index += 2
  else if (/^[a-z_]\w*$/.test(words[index] ?? '') && words[index + 1] === ',') index++
  if (words[index] === 'final') index++
  return words[index] === ','
}
