/**
 * What a span's name leaves out. By the conventions a call is named by its method alone, since names must be few; a reader
 * of one trace wants to know whom it called. Called by the rows, the overview and the tip.
 */
import type { SpanLine } from './span-line.ts'

/** `api.example.com/v3/captures` for `POST`, `orders` for `SELECT`; empty when the name says it all. */
export function spanHint({ callee }: Pick<SpanLine, 'callee'>): string {
  const url = callee.includes('://') ? URL.parse(callee) : null
  if (url === null || url.host === '') return callee
  return url.host + (url.pathname === '/' ? '' : decodePath(url.pathname))
}

function decodePath(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
