/** The blocks of code in a chapter of docs/OPENTELEMETRY_GUIDE.md, for the test that follows it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './app-process.ts'

export interface GuideBlock {
  readonly language: string
  readonly code: string
  /** The name that the line above tells the reader to save it by. */
  readonly file: string | undefined
}

export function chapterOf(heading: string): readonly GuideBlock[] {
  const guide = readFileSync(join(root, 'docs/OPENTELEMETRY_GUIDE.md'), 'utf8')
  const chapter = guide.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return [...chapter.matchAll(/^([^\n]*)\n+```(\w+)\n(.*?)^```$/gms)].map(
    ([, above = '', language = '', code = '']) => ({
      language,
      code,
      file: /Save this as `([^`]+)`/.exec(above)?.[1],
    }),
  )
}
