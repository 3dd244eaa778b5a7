/**
 * Recognises a trace id in what somebody pasted: bare, in upper case, with dashes, or within a traceparent header. Called
 * by the search's text field, which then offers to open the trace.
 */
export function traceIdIn(text: string): string | undefined {
  const trimmed = text.trim().toLowerCase()
  const parent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(trimmed)
  const id = parent?.[1] ?? trimmed.replaceAll('-', '')
  return /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id) ? id : undefined
}
