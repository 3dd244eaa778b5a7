/** Ctrl+K: anywhere by its name. A combobox over a listbox (ARIA 1.2) in a dialog; loaded when it is first opened. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { facetsOptions } from '../api/search.ts'
import { type PaletteItem, type PaletteKind, paletteItems } from '../model/palette.ts'
import { readSaved } from '../model/saved-searches.ts'
import { useStored } from '../search/use-stored.ts'
import { Text } from './Text.tsx'
import { toggleZone, useZone } from './TimeZoneSwitch.tsx'
import { chooseTheme } from './theme.ts'
import { useSharedTime } from './use-shared-time.ts'
import './CommandPalette.css'

const KINDS: Readonly<Record<PaletteKind, string>> = {
  page: 'Page',
  trace: 'Trace',
  tenant: 'Tenant',
  service: 'Service',
  operation: 'Operation',
  user: 'User',
  saved: 'Saved search',
  command: 'Do',
  search: 'Search',
}

export interface CommandPaletteProps {
  readonly close: () => void
  readonly showKeys: () => void
  readonly openFile: () => void
}

export function CommandPalette({ close, showKeys, openFile }: CommandPaletteProps) {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const navigate = useNavigate()
  const time = useSharedTime()
  const isUtc = useZone() === 'utc'
  const { traceId } = useParams({ strict: false })
  const [typed, setTyped] = useState('')
  const [active, setActive] = useState(0)
  const [savedText] = useStored('lens.searches')
  const { data: facets, isPending } = useQuery(facetsOptions(time))
  const commands: Readonly<Record<string, { readonly label: string; readonly act: () => void }>> = {
    zone: { label: isUtc ? 'Show times in local time' : 'Show times in UTC', act: toggleZone },
    light: { label: 'Light theme', act: () => chooseTheme('light') },
    dark: { label: 'Dark theme', act: () => chooseTheme('dark') },
    auto: { label: "The system's theme", act: () => chooseTheme('auto') },
    link: {
      label: 'Copy a link to this page',
      act: () => void navigator.clipboard?.writeText(location.href),
    },
    file: { label: 'Open a file of traces…', act: openFile },
    keys: { label: 'Keyboard shortcuts', act: showKeys },
  }
  const items = paletteItems(typed, {
    time,
    facets,
    saved: readSaved(savedText),
    commands: Object.entries(commands).map(([command, { label }]) => ({ command, label })),
    traceId: typeof traceId === 'string' ? traceId : undefined,
  })
  const chosen = Math.min(active, items.length - 1)

  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: 'nearest' })
  }, [chosen])

  const take = (item: PaletteItem | undefined) => {
    if (item === undefined) return
    close()
    if ('link' in item) void navigate(item.link)
    else commands[item.command]?.act()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Readonly<Record<string, number>> = { ArrowDown: chosen + 1, ArrowUp: chosen - 1 }
    const next = moves[event.key]
    if (next !== undefined) {
      event.preventDefault()
      setActive((next + items.length) % items.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      take(items[chosen])
    }
  }
  return (
    <>
      <input
        className="palette-field"
        role="combobox"
        aria-label="Go to anything"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={`${id}-${chosen}`}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: the dialog was asked for, and this field is what it is
        autoFocus
        placeholder="A page, tenant, service, operation, user, trace id, or any words"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value)
          setActive(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} id={`${id}-list`} role="listbox" aria-label="Found" className="palette-list">
        {items.map((item, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and says which is active
          <div
            key={`${item.kind} ${item.label}`}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === chosen}
            onPointerMove={() => setActive(at)}
            onClick={() => take(item)}
          >
            <span className="palette-kind">{KINDS[item.kind]}</span>
            <span className="truncate">
              <Text>{item.label}</Text>
            </span>
            {item.detail !== undefined && <span className="palette-detail truncate">{item.detail}</span>}
          </div>
        ))}
      </div>
      <p className="palette-foot" role="status">
        {isPending
          ? 'Names of tenants, services and operations are still coming…'
          : '↑ ↓ to choose, Enter to go, Esc to close'}
      </p>
    </>
  )
}
