/** Attributes as key and value; values can be copied, and lead to the other traces that have them. */
import { Link } from '@tanstack/react-router'
import { Fragment } from 'react'
import type { Attribute } from 'rustok-lens/contract'
import { attributeText, documentLanguage, httpLink, searchForAttribute } from '../model/attributes.ts'
import { searchLink } from '../model/links.ts'
import type { SearchState } from '../model/search-state.ts'
import { CopyButton } from '../ui/CopyButton.tsx'
import { Icon } from '../ui/Icon.tsx'
import { Text, VisibleText } from '../ui/Text.tsx'
import { CodeBlock } from './CodeBlock.tsx'
import './AttributeTable.css'

export interface AttributeTableProps {
  readonly label: string
  readonly attributes: readonly Attribute[]
  /** The time in which the search for a value would find this trace too. */
  readonly range?: SearchState
}

export function AttributeTable({ label, attributes, range }: AttributeTableProps) {
  return (
    <dl className="attributes" aria-label={label}>
      {attributes.map((attribute) => (
        <AttributeRow key={attribute.key} attribute={attribute} range={range} />
      ))}
    </dl>
  )
}

function AttributeRow({
  attribute,
  range,
}: {
  readonly attribute: Attribute
  readonly range: SearchState | undefined
}) {
  const { key, value, type } = attribute
  const text = attributeText(value)
  const language = typeof value === 'object' && value !== null ? 'json' : documentLanguage(key, text)
  const search = range === undefined ? undefined : searchForAttribute(key, value)
  return (
    <div className="attribute" data-block={language !== undefined}>
      <dt>
        <AttributeKey>{key}</AttributeKey>
      </dt>
      <dd>
        {language === undefined ? (
          <Value text={text} type={type} />
        ) : (
          <CodeBlock text={text} language={language} />
        )}
        <span className="attribute-actions">
          {search !== undefined && (
            <Link
              {...searchLink({ ...range, ...search })}
              className="button quiet small icon"
              aria-label={`Search for ${key.slice(0, 80)} ${text}`}
              title="Search for traces with this value"
            >
              <Icon name="search" />
            </Link>
          )}
          <CopyButton text={text} label={`Copy ${key.slice(0, 80)}`} />
        </span>
      </dd>
    </div>
  )
}

/** Broken after a dot or a low line, where a reader would. */
function AttributeKey({ children }: { readonly children: string }) {
  if (children === '') return <Text>{children}</Text>
  return (
    <bdi>
      {children
        .slice(0, 300)
        .split(/(?<=[._])/)
        .map((part, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one key are only replaced together
          <Fragment key={at}>
            <VisibleText text={part} />
            <wbr />
          </Fragment>
        ))}
    </bdi>
  )
}

function Value({ text, type }: { readonly text: string; readonly type: Attribute['type'] }) {
  const href = type === 'string' ? httpLink(text) : undefined
  if (type === 'empty') return <span className="muted">no value</span>
  if (href === undefined) return <LongText text={text} />
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      <Text whole>{text}</Text>
    </a>
  )
}

/** 10 kB of a value are shown folded; the whole of it is there to open and to copy. */
function LongText({ text }: { readonly text: string }) {
  if (text.length <= 600) return <Text whole>{text}</Text>
  return (
    <details>
      <summary>
        <Text whole>{`${text.slice(0, 200)}…`}</Text>
        <span className="muted"> {text.length.toLocaleString()} characters</span>
      </summary>
      <Text whole>{text}</Text>
    </details>
  )
}
