/** What frames every page: the bar with the mark, the keys, the theme and who one is, and the help sheet. */
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useEffectEvent, useRef, useState } from 'react'
import { homeLink, mapLink, searchLink, tenantsLink, whyLink } from '../model/links.ts'
import { AccountMenu } from '../session/AccountMenu.tsx'
import { SessionGate } from '../session/SessionGate.tsx'
import { ConnectionNotice } from './ConnectionNotice.tsx'
import { HelpSheet } from './HelpSheet.tsx'
import { Logo } from './Logo.tsx'
import { PageAnnouncer } from './PageAnnouncer.tsx'
import { ThemeSwitch } from './ThemeSwitch.tsx'
import { TimeZoneSwitch, useZone } from './TimeZoneSwitch.tsx'
import { TraceFile, type TraceFileHandle } from './TraceFile.tsx'
import { usePageFocus } from './use-page-focus.ts'
import { useSharedTime } from './use-shared-time.ts'
import { useShortcuts } from './use-shortcuts.ts'
import './Layout.css'

const CommandPalette = lazy(async () => ({ default: (await import('./CommandPalette.tsx')).CommandPalette }))

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
  const zone = useZone()
  const file = useRef<TraceFileHandle>(null)
  const palette = usePalette()
  usePageFocus()
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
            aria-keyshortcuts="Control+K"
            title="Go to anything (Ctrl+K)"
            onClick={palette.open}
          >
            <kbd>{isMac ? '⌘' : 'Ctrl'} K</kbd>
            <span className="top-bar-keys">Go to</span>
          </button>
          <button
            type="button"
            className="button quiet small"
            title="Keyboard shortcuts"
            onClick={() => help.current?.showModal()}
          >
            <kbd>?</kbd>
            <span className="top-bar-keys">Keys</span>
          </button>
          <TimeZoneSwitch />
          <ThemeSwitch />
          <AccountMenu />
        </div>
      </header>
      <ConnectionNotice />
      <main id="main" tabIndex={-1}>
        <SessionGate>
          <Outlet key={zone} />
        </SessionGate>
      </main>
      <PageAnnouncer />
      <HelpSheet ref={help} />
      <dialog
        ref={palette.ref}
        className="palette"
        aria-label="Go to anything"
        onClose={palette.onClose}
        onPointerDown={(event) => {
          if (event.target === event.currentTarget) event.currentTarget.close()
        }}
      >
        {palette.isOpen && (
          <Suspense fallback={<p className="palette-foot">Loading…</p>}>
            <CommandPalette
              close={() => palette.ref.current?.close()}
              showKeys={() => help.current?.showModal()}
              openFile={() => file.current?.choose()}
            />
          </Suspense>
        )}
      </dialog>
      <TraceFile ref={file} />
    </>
  )
}

const isMac = /^Mac|iPhone|iPad/.test(navigator.platform)

/** Ctrl+K or ⌘K, from anywhere, fields included; the same key closes it. */
function usePalette() {
  const ref = useRef<HTMLDialogElement>(null)
  const [isOpen, setOpen] = useState(false)
  const open = () => {
    setOpen(true)
    ref.current?.showModal()
  }
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (
      event.key.toLowerCase() !== 'k' ||
      !(event.ctrlKey || event.metaKey) ||
      event.altKey ||
      event.shiftKey
    )
      return
    event.preventDefault()
    if (ref.current?.open === true) ref.current.close()
    else if (document.querySelector('dialog[open]') === null) open()
  })
  useEffect(() => {
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  return { ref, isOpen, open, onClose: () => setOpen(false) }
}
