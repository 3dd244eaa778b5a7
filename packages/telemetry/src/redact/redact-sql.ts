/**
 * Takes literals and comments out of SQL before it is recorded (database conventions: `db.query.text` is sanitised). It reads tokens, not statements:
 * quotes and comments hide each other, so that none can be looked for alone.
 */

/** In these a text in double quotes is a value and a backslash escapes; elsewhere it is a name, and does not. */
const mysqlLike = new Set(['mysql', 'mariadb'])

const comment = String.raw`--[^\n]*|/\*[\s\S]*?(?:\*/|$)`
const dollarQuoted = String.raw`(?<![\w$])\$((?:[A-Za-z_]\w*)?)\$[\s\S]*?(?:\$\1\$|$)`
const escaped = String.raw`(?<![\w$])[Ee]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*(?:'|$)`
const prefix = String.raw`(?:(?<![\w$])(?:[NnXxBb]|[Uu]&))?`
const plain = `${prefix}'[^']*(?:''[^']*)*(?:'|$)`
const quotedName = '"[^"]*(?:""[^"]*)*(?:"|$)'
const backticks = '`[^`]*(?:`|$)'
/** Not behind a letter, nor as the number of a parameter. */
const number = String.raw`(?<![\w$@:?.])(?:0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)`

const tokens = new RegExp([comment, dollarQuoted, escaped, plain, quotedName, number].join('|'), 'g')

const escapedBy = (quote: string) =>
  String.raw`${quote}[^${quote}\\]*(?:(?:\\[\s\S]|${quote}${quote})[^${quote}\\]*)*(?:${quote}|$)`
const mysqlTokens = new RegExp(
  [`#[^\\n]*|${comment}`, prefix + escapedBy("'"), escapedBy('"'), backticks, number].join('|'),
  'g',
)

/** Text beyond is not read: an unclosed quote hides all that follows. */
const maxReadLength = 65_536

/** `system` is the `db.system.name`. */
export function redactSql(sql: string, system: string): string {
  const mysql = mysqlLike.has(system)
  return sql
    .slice(0, maxReadLength)
    .replace(mysql ? mysqlTokens : tokens, (token) => {
      if (token.startsWith('--') || token.startsWith('/*') || token[0] === '#') return ''
      return token[0] === '`' || (token[0] === '"' && !mysql) ? token : '?'
    })
    .trim()
}
