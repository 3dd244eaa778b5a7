/** Kinds of spans by the names that Jaeger's API has for them. */

import { spanKinds } from '../trace-view.ts'
import type { Complaint } from './parameters.ts'

/** '' for spans that do not say. */
export function kindName(kind: number): string {
  return kind === 0 ? '' : (spanKinds[kind] ?? '')
}

export function parseKind(name: string, text: string, complaint: Complaint): number {
  const kind = (spanKinds as readonly string[]).indexOf(text.toLowerCase())
  if (kind < 0) throw complaint(name, `unsupported span kind: '${text}'`)
  return kind
}
