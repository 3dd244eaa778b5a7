/** A trace id as a client may write it, in hex digits of either case, the high half left out when it is zero. Undefined for others. */
export function parseTraceId(text: string): string | undefined {
  return /^([0-9a-f]{16}|[0-9a-f]{32})$/i.test(text) ? text.toLowerCase().padStart(32, '0') : undefined
}
