import type { ReceivedSpan } from './decode.ts'

/** The only span of this name; an error that names the others when there is none or more than one. */
export function only(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.filter((span) => span.name === name)
  if (found.length !== 1) {
    const names = spans.map((span) => `'${span.name}'`).join(', ')
    throw new Error(`${found.length} spans are named '${name}' among ${names}`)
  }
  return found[0]!
}
