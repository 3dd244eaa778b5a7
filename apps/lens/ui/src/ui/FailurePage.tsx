/** Whole pages for what went wrong: an address that leads nowhere, a trace that is not stored, a fault of this page. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePageTitle } from './use-page-title.ts'
import './FailurePage.css'

export interface FailurePageProps {
  readonly title: string
  readonly children: ReactNode
  readonly actions?: ReactNode
}

export function FailurePage({ title, children, actions }: FailurePageProps) {
  usePageTitle(title)
  return (
    <div className="failure-page">
      <svg width="72" height="72" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <circle cx="12" cy="12" r="11" fill="none" stroke="currentColor" strokeWidth="1" />
        <path
          d="M7 8.5h5M9.5 12h6M12 15.5h3.5"
          stroke="currentColor"
          strokeLinecap="round"
          strokeDasharray="1.2 1.6"
        />
      </svg>
      <h1>{title}</h1>
      <div className="failure-text">{children}</div>
      <div className="failure-actions">
        {actions}
        <Link to="/search" className="button">
          All traces
        </Link>
      </div>
    </div>
  )
}

export function NotFoundPage() {
  return (
    <FailurePage title="There is no such page">
      <p>The address may have been cut when it was copied. Traces live at /trace/ and their 32-digit id.</p>
    </FailurePage>
  )
}

export function CrashPage({ error }: { readonly error: unknown }) {
  return (
    <FailurePage
      title="This page has failed"
      actions={
        <button type="button" className="button primary" onClick={() => location.reload()}>
          Load it again
        </button>
      }
    >
      <p>It is a fault of the page, not of your data. What it said:</p>
      <pre>{error instanceof Error ? error.message : String(error)}</pre>
    </FailurePage>
  )
}
