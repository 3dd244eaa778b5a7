/** Attributes as key and value; values can be copied, and lead to the other traces that have them. */
import { Link } from '@tanstack/react-router'
import { Fragment } from 'react'
import type { Attribute } from 'rustok-lens/contract'
import { attributeText, documentLanguage, httpLink } from '../model/attributes.ts'
import { searchLink } from '../model/links.ts'
import type { AttributeOwner } from '../model/query-text.ts'
import { type ValueContext, type ValueLinks, valueLinks } from '../model/value-links.ts'
import { CopyButton } from '../ui/CopyButton.tsx'
import { Icon } from '../ui/Icon.tsx'
import { Text, VisibleText } from '../ui/Text.tsx'
import { CodeBlock } from './CodeBlock.tsx'
import './AttributeTable.css'

export interface AttributeTableProps {
  readonly label: string
  readonly attributes: readonly Attribute[]
  /** Whose they are, for those that searches know. */
  readonly of?: AttributeOwner
  readonly context?: ValueContext
}

export function AttributeTable({ label, attributes, of, context }: AttributeTableProps) {
  return (
    <dl className="attributes" aria-label={label}>
      {attributes.map((attribute) => (
        <AttributeRow
          key={attribute.key}
          attribute={attribute}
          links={of && context && valueLinks(of, attribute.key, attribute.value, context)}
        />
      ))}
    </dl>
  )
}

function AttributeRow({
  attribute,
  links,
}: {
  readonly attribute: Attribute
  readonly links: ValueLinks | undefined
}) {
  const { key, value, type } = attribute
  const text = attributeText(value)
  const language = typeof value === 'object' && value !== null ? 'json' : documentLanguage(key, text)
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
          {links !== undefined && <WaysOn links={links} name={`${key.slice(0, 80)} ${text}`} />}
          <CopyButton text={text} label={`Copy ${key.slice(0, 80)}`} />
        </span>
      </dd>
    </div>
  )
}

const WAYS_ON = 'button quiet small icon'

function WaysOn({ links, name }: { readonly links: ValueLinks; readonly name: string }) {
  return (
    <>
      <Link
        {...searchLink(links.filter)}
        className={WAYS_ON}
        aria-label={`Filter by ${name}`}
        title="Filter by: traces with this value"
      >
        <Icon name="filter" />
      </Link>
      <Link
        {...searchLink(links.exclude)}
        className={WAYS_ON}
        aria-label={`Exclude ${name}`}
        title="Exclude: this operation without this value"
      >
        <Icon name="exclude" />
      </Link>
      <Link
        to="/why"
        search={links.compare}
        className={WAYS_ON}
        aria-label={`Compare ${name}`}
        title="Compare: what do traces with this value have that others of this operation do not?"
      >
        <Icon name="compare" />
      </Link>
    </>
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
