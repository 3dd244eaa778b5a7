/** The comparison of two traces, for reading: both trees side by side, marks where they differ, and below them each difference in words. */
import { isFaulty, type Row } from './compare-traces.ts'
import { formatMatch } from './expected-trace.ts'
import { formatSpan } from './format-span.ts'
import type { CapturedSpan } from './read-spans.ts'

/** What fits beside another column in a terminal or a CI log. */
const maxColumn = 56
const marks = { same: ' ', different: '≠', missing: '−', unexpected: '+' } as const

export function formatDiff(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const indent = '  '.repeat(row.depth)
    return {
      mark: marks[kindOf(row)],
      left: row.expected === undefined ? '' : indent + shownExpected(row),
      right: row.actual === undefined ? '' : indent + shownActual(row),
    }
  })
  const width = Math.min(maxColumn, Math.max(...lines.map(({ left }) => left.length), 'expected'.length))
  const table = [{ mark: ' ', left: 'expected', right: 'actual' }, ...lines]
    .map(({ mark, left, right }) =>
      `${mark} ${cut(left, width).padEnd(width)}   ${cut(right, maxColumn)}`.trimEnd(),
    )
    .join('\n')
  const words = rows.filter(isFaulty).flatMap(describe)
  const numbered = words.map((sentence, i) => `${String(i + 1).padStart(3)}. ${sentence}`)
  return `${table}\n\n${numbered.join('\n')}`
}

function kindOf({ expected, actual, differences }: Row): keyof typeof marks {
  if (actual === undefined) return 'missing'
  if (expected === undefined) return 'unexpected'
  return differences.length > 0 ? 'different' : 'same'
}

/** Where something differs, that alone is shown of the attributes: lines are short, and the rest is as it should be. */
function shownExpected({ expected, differences }: Row): string {
  if (differences.length === 0) return expected!.text
  return formatMatch(expected!.match, new Set(differences.map(({ what }) => what)))
}

/** With what is said of the expected span, no more: a span has twenty attributes, and one of them is the matter. */
function shownActual({ expected, actual, differences }: Row): string {
  if (expected === undefined) return formatSpan(actual!, [])
  const { kind, status, attributes = {} } = expected.match
  const told: CapturedSpan = {
    ...actual!,
    ...(kind === undefined && { kind: 'internal' }),
    ...(status === undefined && { status: 'unset' }),
  }
  const keys = Object.keys(attributes).filter(
    (key) => differences.length === 0 || differences.some(({ what }) => what === key),
  )
  return formatSpan(told, keys)
}

function describe(row: Row): readonly string[] {
  const { expected, actual, differences, parent } = row
  const below = parent === undefined ? '' : ` below ${parent.name}`
  // A missing or unexpected span is told once, with those below it.
  if (actual === undefined)
    return row.depth > 0 && parent === undefined ? [] : [`missing${below}: ${expected!.text}`]
  if (expected === undefined) return [`unexpected${below}: ${formatSpan(actual, [])}`]
  return differences.map(({ text }) => `${actual.name}: ${text}`)
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
