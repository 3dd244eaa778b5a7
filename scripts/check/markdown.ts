/** Reads what the checks need of a Markdown file: links, headings, tables, and text with and without code. */

export interface Link {
  readonly target: string
  /** From 1. */
  readonly line: number
}

export interface CodeBlock {
  /** Of its fence, from 1. */
  readonly line: number
  readonly language: string
  readonly code: string
  /** The name that the text above tells the reader to save it by: "Save this as `app.js`". */
  readonly file: string | undefined
  /** Why it is not checked: `<!-- unchecked: reason -->` above it. */
  readonly unchecked: string | undefined
}

const fence = /^\s*(```|~~~)/

/** The lines outside fenced code blocks; those inside become empty, so that numbers stay. */
function proseLines(markdown: string): readonly string[] {
  let inside = false
  return markdown.split('\n').map((line) => {
    if (!fence.test(line)) return inside ? '' : line
    inside = !inside
    return ''
  })
}

/** Fenced code, also within lists. */
export function codeBlocksOf(markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', fence, language = ''] = /^(\s*)(```+|~~~+)(\w*)/.exec(lines[at]!) ?? []
    if (fence === undefined) continue
    const above = lines.slice(0, at).findLast((line) => line.trim() !== '') ?? ''
    const begin = at + 1
    do at++
    while (at < lines.length && lines[at]!.trim() !== fence)
    const code = lines
      .slice(begin, at)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    blocks.push({
      line: begin,
      language,
      code: `${code.join('\n')}\n`,
      file: /Save this as `([^`]+)`/.exec(above)?.[1],
      unchecked: /^<!-- unchecked: (.+) -->$/.exec(above.trim())?.[1],
    })
  }
  return blocks
}

/** Targets of `[text](target)`, `![image](target)`, `[name]: target`, and of `href` and `src`. */
export function linksOf(markdown: string): readonly Link[] {
  return proseLines(markdown).flatMap((line, index) => {
    const text = line.replace(/`[^`]*`/g, '')
    const inline = text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)
    const reference = text.matchAll(/^\s*\[[^\]]+\]:\s*<?([^\s>]+)>?/g)
    const html = text.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g)
    return [...inline, ...reference, ...html].map(([, target = '']) => ({ target, line: index + 1 }))
  })
}

/** The fragments that a link may end in, as GitHub derives them from the headings. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const line of proseLines(markdown)) {
    for (const [, id = ''] of line.matchAll(/\b(?:id|name)="([^"]+)"/g)) anchors.add(id)
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1]
    if (heading === undefined) continue
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const slug = text
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

export interface Cell {
  readonly text: string
  readonly line: number
}

/** The cells below a table heading, over every table of the file that has it; case does not matter. */
export function tableColumn(markdown: string, heading: string): readonly Cell[] {
  const found: Cell[] = []
  let column = -1
  for (const [index, line] of proseLines(markdown).entries()) {
    const cells = tableCells(line)
    if (cells === undefined) {
      column = -1
    } else if (column === -1) {
      column = cells.findIndex((cell) => cell.toLowerCase() === heading)
      // A table without that heading: nothing in it may be taken for one.
      if (column === -1) column = Number.POSITIVE_INFINITY
    } else {
      const text = cells[column]
      if (text !== undefined && !/^:?-+:?$/.test(text)) found.push({ text, line: index + 1 })
    }
  }
  return found
}

function tableCells(line: string): readonly string[] | undefined {
  const row = line.trim()
  if (!row.startsWith('|')) return undefined
  return row
    .replace(/^\||(?<!\\)\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
}
