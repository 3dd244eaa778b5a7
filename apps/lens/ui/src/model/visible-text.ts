/**
 * Makes characters visible that would hide or rearrange others: controls, and the marks that reverse the direction of what
 * follows. "\u202Egnp.exe" must not read as "exe.png". Called by the Text component for all text from strangers.
 */
export interface TextPart {
  readonly text: string
  /** Stands for one character that must not take effect. */
  readonly isControl: boolean
}

/** Controls but tab and line feed, and the marks of direction and of no width but the joiners that scripts need. */
const CONTROLS = /(?![\t\n])[\p{Cc}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu

export function visibleParts(text: string): readonly TextPart[] {
  const parts: TextPart[] = []
  let at = 0
  for (const match of text.matchAll(CONTROLS)) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index), isControl: false })
    parts.push({ text: nameOf(match[0]), isControl: true })
    at = match.index + 1
  }
  if (at < text.length) parts.push({ text: text.slice(at), isControl: false })
  return parts
}

function nameOf(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}
