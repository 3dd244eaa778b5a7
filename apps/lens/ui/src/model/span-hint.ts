/**
 * What a span's name leaves out. By the conventions a call is named by its method alone, since names must be few; a reader
 * of one trace wants to know whom it called. Called by the rows, the overview and the tip.
 */
import type { SpanView } from 'rustok-lens/contract'
import { findAttribute } from './attributes.ts'

/** `api.example.com/v3/captures` for `POST`, `orders` for `SELECT`; empty when the name says it all. */
export function spanHint(span: SpanView): string {
  if (!/^[A-Z]{2,10}$/.test(span.name)) return ''
  const url = URL.parse(findAttribute(span.attributes, 'url.full') ?? '')
  if (url !== null && url.host !== '')
    return url.host + (url.pathname === '/' ? '' : decodePath(url.pathname))
  const isDatabase = span.attributes.some(({ key }) => key.startsWith('db.'))
  const key = isDatabase ? 'db.collection.name' : 'server.address'
  return findAttribute(span.attributes, key) ?? ''
}

function decodePath(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
