/** Prints results as aligned text that is also Markdown, so that a page of the documentation holds a table as it was printed. */

export type Align = 'left' | 'right'

export interface Column<R> {
  readonly title: string
  readonly align?: Align
  cell(row: R): string
}

export function formatTable<R>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)))
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, 3, ...cells.map((row) => row[i]!.length)),
  )
  const line = (texts: readonly string[]) => `| ${texts.map((text, i) => pad(text, i)).join(' | ')} |`
  const pad = (text: string, i: number) =>
    columns[i]!.align === 'left' ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)
  const rule = columns.map(({ align }, i) =>
    align === 'left' ? '-'.repeat(widths[i]!) : `${'-'.repeat(widths[i]! - 1)}:`,
  )
  return [line(columns.map(({ title }) => title)), line(rule), ...cells.map(line)].join('\n')
}
