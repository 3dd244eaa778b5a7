/**
 * A filter by one value: an editable combobox (ARIA 1.2) over the values that the field has under the other filters, with
 * the count of traces for each. Values are loaded when it opens; what is not on the list can be typed all the same.
 */
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react'
import { facetsOptions } from '../api/search.ts'
import type { SearchState } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { Icon } from '../ui/Icon.tsx'
import { TenantMark } from '../ui/TenantMark.tsx'
import { Text } from '../ui/Text.tsx'
import type { ChangeSearch } from './change-search.ts'
import './FacetCombobox.css'

export type FacetField = 'tenant' | 'service' | 'operation' | 'user'

export interface FacetComboboxProps {
  readonly field: FacetField
  readonly label: string
  readonly state: SearchState
  readonly change: ChangeSearch
}

interface Option {
  readonly value: string
  readonly count: number | undefined
}

export const LISTS = {
  tenant: 'tenants',
  service: 'services',
  operation: 'operations',
  user: 'users',
} as const
const MOST_SHOWN = 200

export function FacetCombobox({ field, label, state, change }: FacetComboboxProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState<string>()
  const [active, setActive] = useState(-1)
  const value = state[field]
  const facets = useQuery({ ...facetsOptions(state), enabled: open })
  const known: readonly Option[] = facets.data?.[LISTS[field]] ?? []
  const options = open ? matching(known, typed) : []

  const show = () => {
    setOpen(true)
    setActive(-1)
  }
  const hide = () => {
    setOpen(false)
    setTyped(undefined)
    setActive(-1)
  }
  const choose = (next: string | undefined) => {
    hide()
    if (next !== value) change({ [field]: next })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        event.preventDefault()
        if (!open) show()
        const step = event.key === 'ArrowDown' ? 1 : -1
        const next = active === -1 && step < 0 ? options.length - 1 : active + step
        setActive(options.length === 0 ? -1 : (next + options.length) % options.length)
        break
      }
      case 'Enter':
        if (!open) show()
        else if (active !== -1) choose(options[active]?.value)
        else if (typed !== undefined) choose(typed.trim() === '' ? undefined : typed.trim())
        else hide()
        break
      case 'Escape':
        if (!open) break
        event.stopPropagation()
        hide()
        break
      case 'Tab':
        if (open && active !== -1) choose(options[active]?.value)
    }
  }

  return (
    <div className="combo" data-set={value !== undefined}>
      <label className="combo-label" htmlFor={id}>
        {label}
      </label>
      {value !== undefined && typed === undefined && facetMark(field, value)}
      <input
        ref={input}
        id={id}
        role="combobox"
        aria-label={label}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={active === -1 ? undefined : `${id}-${active}`}
        autoComplete="off"
        spellCheck={false}
        placeholder="any"
        value={typed ?? value ?? ''}
        title={value}
        onClick={show}
        onFocus={(event) => event.target.select()}
        onBlur={hide}
        onChange={(event) => {
          setTyped(event.target.value)
          setOpen(true)
          setActive(event.target.value.trim() === '' ? -1 : 0)
        }}
        onKeyDown={onKeyDown}
      />
      {value === undefined ? (
        <Icon name="down" />
      ) : (
        <button
          type="button"
          className="combo-clear"
          aria-label={`Clear ${label.toLowerCase()}`}
          onClick={() => {
            choose(undefined)
            input.current?.focus()
          }}
        >
          <Icon name="cross" size={12} />
        </button>
      )}
      <div className="combo-pop" hidden={!open} onPointerDown={(event) => event.preventDefault()}>
        <div className="combo-list" role="listbox" id={`${id}-list`} aria-label={`${label} values`}>
          {options.map((option, at) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the keys, as ARIA's combobox asks
            <div
              key={option.value}
              id={`${id}-${at}`}
              role="option"
              tabIndex={-1}
              className="combo-option"
              aria-selected={option.value === value}
              data-active={at === active}
              ref={at === active ? scrollIntoView : undefined}
              onClick={() => choose(option.value)}
            >
              {facetMark(field, option.value)}
              <span className="truncate">
                <Text>{option.value}</Text>
              </span>
              <span className="combo-count">
                {option.count === undefined ? 'as typed' : option.count.toLocaleString()}
              </span>
            </div>
          ))}
        </div>
        <ComboNote
          pending={facets.isPending}
          failed={facets.isError ? facets.error.message : undefined}
          empty={options.length === 0}
          more={facets.data?.truncated.includes(LISTS[field]) === true}
        />
      </div>
    </div>
  )
}

interface ComboNoteProps {
  readonly pending: boolean
  readonly failed: string | undefined
  readonly empty: boolean
  readonly more: boolean
}

function ComboNote({ pending, failed, empty, more }: ComboNoteProps) {
  const note = pending
    ? 'Loading…'
    : failed !== undefined
      ? `Values could not be loaded: ${failed}`
      : empty
        ? 'No value in this time range'
        : more
          ? 'There are more: type any value'
          : undefined
  return note === undefined ? undefined : <p className="combo-note">{note}</p>
}

/** The values that hold what was typed, and the typed text itself when it is not among them. */
function matching(known: readonly Option[], typed: string | undefined): readonly Option[] {
  const wanted = typed?.trim() ?? ''
  if (wanted === '') return known.slice(0, MOST_SHOWN)
  const found = known
    .filter(({ value }) => value.toLowerCase().includes(wanted.toLowerCase()))
    .slice(0, MOST_SHOWN)
  return found.some(({ value }) => value === wanted) ? found : [...found, { value: wanted, count: undefined }]
}

export function facetMark(field: FacetField, value: string): ReactNode {
  if (field === 'tenant') return <TenantMark tenant={value} />
  if (field === 'service')
    return <span className="service-dot" style={{ background: services.colorOf(value) }} />
  return undefined
}

function scrollIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' })
}
