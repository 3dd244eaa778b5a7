/** What frames every page: the bar with the mark, the keys, the theme and who one is, and the help sheet. */
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { useRef } from 'react'
import { AccountMenu } from '../session/AccountMenu.tsx'
import { SessionGate } from '../session/SessionGate.tsx'
import { HelpSheet } from './HelpSheet.tsx'
import { Logo } from './Logo.tsx'
import { ThemeSwitch } from './ThemeSwitch.tsx'
import { useShortcuts } from './use-shortcuts.ts'
import './Layout.css'

/** In the order of the question: where is it, which requests, what do they have in common. */
const pages = [{ to: '/search', name: 'Traces' }] as const

export function Layout() {
  const help = useRef<HTMLDialogElement>(null)
  const { pathname } = useLocation()
  useShortcuts({ '?': () => help.current?.showModal() })
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="top-bar">
        <Link to="/" className="top-bar-home" aria-label="RusToK Lens, all traces">
          <Logo />
        </Link>
        <nav aria-label="Main">
          {pages.map(({ to, name }) => (
            <Link
              key={to}
              to={to}
              className="top-bar-link"
              aria-current={pathname === to ? 'page' : undefined}
            >
              {name}
            </Link>
          ))}
        </nav>
        <div className="top-bar-end">
          <button
            type="button"
            className="button quiet small"
            title="Keyboard shortcuts"
            onClick={() => help.current?.showModal()}
          >
            <kbd>?</kbd>
            <span className="top-bar-keys">Keys</span>
          </button>
          <ThemeSwitch />
          <AccountMenu />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <SessionGate>
          <Outlet />
        </SessionGate>
      </main>
      <HelpSheet ref={help} />
    </>
  )
}
