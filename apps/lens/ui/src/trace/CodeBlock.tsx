/** A document among the attributes: SQL, GraphQL, JSON or lines of text, preformatted and lightly coloured. */
import { useMemo } from 'react'
import { type Language, tokenize } from '../model/tokens.ts'
import { VisibleText } from '../ui/Text.tsx'
import './CodeBlock.css'

export interface CodeBlockProps {
  readonly text: string
  readonly language: Language | 'text'
}

export function CodeBlock({ text, language }: CodeBlockProps) {
  const tokens = useMemo(
    () => (language === 'text' ? [{ kind: 'plain' as const, text }] : tokenize(text, language)),
    [text, language],
  )
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
    <pre className="code-block" tabIndex={0}>
      <bdi>
        {tokens.map(({ kind, text: part }, at) =>
          kind === 'plain' ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: tokens are never moved, only replaced together
            <VisibleText key={at} text={part} />
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: tokens are never moved, only replaced together
            <span key={at} className={`token-${kind}`}>
              <VisibleText text={part} />
            </span>
          ),
        )}
      </bdi>
    </pre>
  )
}
