/** Who one is, at the end of the bar: the token's name, what it may do, whose traces it shows, and the way out. Nothing without tokens. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useRef, useState } from 'react'
import type { SessionResponse } from 'rustok-lens/contract'
import { sessionOptions, signOut } from '../api/session.ts'
import { Icon } from '../ui/Icon.tsx'
import { TenantMark } from '../ui/TenantMark.tsx'
import { Text } from '../ui/Text.tsx'
import './AccountMenu.css'

const meanings = {
  admin: 'Admin: sends and reads everything',
  read: 'Read: looks at traces, sends nothing',
  ingest: 'Ingest: sends',
} as const

export function AccountMenu() {
  const { data: session } = useQuery(sessionOptions)
  const who = session?.who
  return who?.login === true ? <Account who={who} /> : undefined
}

function Account({ who: { name, role, tenants } }: { readonly who: SessionResponse }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const opener = useRef<HTMLButtonElement>(null)
  const [isOpen, setOpen] = useState(false)
  const [problem, setProblem] = useState<string>()

  const close = () => {
    setOpen(false)
    setProblem(undefined)
    opener.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && isOpen) close()
  }
  const leave = async () => {
    try {
      await signOut(client)
      // The address may name a customer: the next at this screen need not see it.
      await navigate({ to: '/', replace: true })
    } catch (error) {
      setProblem(`You are still signed in. ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  return (
    <div className="account">
      <button
        ref={opener}
        type="button"
        className="button quiet small"
        aria-label={`Signed in as ${name}`}
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        onClick={() => setOpen(!isOpen)}
        onKeyDown={onKeyDown}
      >
        <Icon name="person" />
        <span className="account-name truncate">
          <Text>{name}</Text>
        </span>
        <Icon name="down" size={12} />
      </button>
      {isOpen && (
        <>
          <div className="account-away" aria-hidden="true" onClick={close} />
          <div
            className="account-pop"
            role="dialog"
            aria-label="Account"
            onKeyDown={onKeyDown}
            onBlur={({ relatedTarget, currentTarget }) => {
              if (relatedTarget !== null && !currentTarget.parentElement?.contains(relatedTarget))
                setOpen(false)
            }}
          >
            <dl>
              <dt className="label">Signed in with the token</dt>
              <dd className="account-who">
                <Text>{name}</Text>
              </dd>
              <dt className="label">Role</dt>
              <dd>{meanings[role]}</dd>
              <dt className="label">Tenants</dt>
              <dd>{tenants === null ? 'All of them' : <Tenants names={tenants} />}</dd>
            </dl>
            {problem !== undefined && (
              <p role="alert" className="account-problem">
                {problem}
              </p>
            )}
            <button type="button" className="button" onClick={() => void leave()}>
              Sign out
            </button>
          </div>
        </>
      )}
    </div>
  )
}

function Tenants({ names }: { readonly names: readonly string[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
    <ul className="account-tenants" tabIndex={0} aria-label="Tenants">
      {names.map((name) => (
        <li key={name}>
          <TenantMark tenant={name} />
          <Text>{name}</Text>
        </li>
      ))}
    </ul>
  )
}
