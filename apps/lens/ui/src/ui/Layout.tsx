/** What frames every page: the bar with the mark, the keys, the theme and who one is, and the help sheet. */
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { useRef } from 'react'
import { homeLink, mapLink, searchLink, tenantsLink, whyLink } from '../model/links.ts'
import { AccountMenu } from '../session/AccountMenu.tsx'
import { SessionGate } from '../session/SessionGate.tsx'
import { HelpSheet } from './HelpSheet.tsx'
import { Logo } from './Logo.tsx'
import { ThemeSwitch } from './ThemeSwitch.tsx'
import { useSharedTime } from './use-shared-time.ts'
import { useShortcuts } from './use-shortcuts.ts'
import './Layout.css'

/** In the order of the question: where is it, which requests, what do they have in common, who calls whom, and whom does it hit. */
const pages = [
  { name: 'Home', link: homeLink },
  { name: 'Traces', link: searchLink },
  { name: 'Why?', link: whyLink },
  { name: 'Map', link: mapLink },
  { name: 'Tenants', link: tenantsLink },
] as const

export function Layout() {
  const help = useRef<HTMLDialogElement>(null)
  const { pathname } = useLocation()
  const time = useSharedTime()
  useShortcuts({ '?': () => help.current?.showModal() })
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="top-bar">
        <Link {...homeLink(time)} className="top-bar-home" aria-label="RusToK Lens, home">
          <Logo />
        </Link>
        <nav aria-label="Main">
          {pages.map(({ name, link }) => {
            const to = link(time)
            return (
              <Link
                key={name}
                {...to}
                className="top-bar-link"
                activeOptions={{ exact: true, includeSearch: false }}
                data-within={to.to !== '/' && pathname.startsWith(`${to.to}/`)}
              >
                {name}
              </Link>
            )
          })}
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
