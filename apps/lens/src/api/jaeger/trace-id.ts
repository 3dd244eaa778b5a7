/** A trace id as Jaeger's clients write it. */

/** 1 to 32 hex digits in either case, or base64 (either alphabet, padded or not) of 8 or 16 bytes. As 32 digits; undefined for other text. */
export function parseJaegerTraceId(text: string): string | undefined {
  if (/^[0-9a-f]{1,32}$/i.test(text)) return text.toLowerCase().padStart(32, '0')
  if (text.length > 24 || !/^[\w+/-]+={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === 8 || bytes.length === 16 ? bytes.toString('hex').padStart(32, '0') : undefined
}
