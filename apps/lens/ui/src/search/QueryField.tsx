/**
 * The one field of the search, in the language of docs/QUERY_LANGUAGE.md: an editable combobox (ARIA 1.2) that completes fields, operators
 * and values. Its text lies over a copy of itself, which has the colours and underlines what the server refused. Enter searches, Tab completes.
 */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import type { ApiError } from '../api/client.ts'
import { attributeKeysOptions, attributeValuesOptions } from '../api/search.ts'
import { traceLink } from '../model/links.ts'
import {
  type Completion,
  type CompletionContext,
  complete,
  completionsAt,
  contextAt,
  fixedValues,
} from '../model/query-completion.ts'
import { RECENT_KEY, readRecent, withRecent } from '../model/saved-searches.ts'
import type { SearchState } from '../model/search-state.ts'
import { traceIdIn } from '../model/trace-id.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import type { ChangeSearch } from './change-search.ts'
import { QueryText } from './QueryText.tsx'
import { useStored } from './use-stored.ts'
import './QueryField.css'

export interface QueryFieldProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  /** What the server found wrong with the query that was asked. */
  readonly mistake: ApiError | undefined
  /** Asks what is asked already once more. */
  readonly again: () => void
}

export function QueryField({ state, change, mistake, again }: QueryFieldProps) {
  const asked = state.query ?? ''
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const copy = useRef<HTMLDivElement>(null)
  const navigate = useNavigate()
  const [typed, setTyped] = useState(asked)
  const [caret, setCaret] = useState(asked.length)
  const [isOpen, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  const [recentText, keepRecent] = useStored(RECENT_KEY)
  const wantedCaret = useRef<number>(undefined)
  const context = contextAt(typed, caret)
  const recent = readRecent(recentText)
  const { options, note } = useCompletions(state, typed, context, recent, isOpen)
  const traceId = traceIdIn(typed)
  const shown = isOpen && traceId === undefined && (options.length > 0 || note !== undefined)
  const fault = mistake !== undefined && typed === asked ? mistake : undefined

  // The address is the truth: a link, a facet or a saved search replaces what stands here.
  useEffect(() => setTyped(asked), [asked])
  useLayoutEffect(() => {
    if (wantedCaret.current === undefined) return
    input.current?.setSelectionRange(wantedCaret.current, wantedCaret.current)
    wantedCaret.current = undefined
  })

  const submit = (query: string) => {
    const next = query.trim()
    setOpen(false)
    setActive(-1)
    setTyped(next)
    if (next === asked) return
    if (next !== '') keepRecent(JSON.stringify(withRecent(recent, next)))
    change({ query: next === '' ? undefined : next })
  }
  const choose = (option: Completion) => {
    if (option.kind === 'recent') return submit(option.insert)
    const next = complete(typed, context, option.insert)
    setTyped(next.text)
    setCaret(next.caret)
    setActive(-1)
    setOpen(true)
    wantedCaret.current = next.caret
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    // Enter takes what an input method offers.
    if (event.nativeEvent.isComposing) return
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        event.preventDefault()
        if (!shown) {
          setOpen(true)
          break
        }
        const step = event.key === 'ArrowDown' ? 1 : -1
        const next = active === -1 && step < 0 ? options.length - 1 : active + step
        setActive(options.length === 0 ? -1 : (next + options.length) % options.length)
        break
      }
      case 'Enter':
        event.preventDefault()
        if (traceId !== undefined) void navigate(traceLink(traceId))
        else if (shown && active !== -1) choose(options[active]!)
        else if (typed.trim() === asked && !shown) again()
        else submit(typed)
        break
      case 'Tab': {
        const option = options[Math.max(0, active)]
        if (!shown || event.shiftKey || option === undefined || (active === -1 && context.prefix === ''))
          break
        event.preventDefault()
        choose(option)
        break
      }
      case 'Escape':
        // Once for the list; once more for the results, where the page has keys of its own.
        if (!shown) document.querySelector<HTMLElement>('#search-results')?.focus()
        event.stopPropagation()
        setOpen(false)
        setActive(-1)
    }
  }
  const follow = () => {
    if (copy.current !== null && input.current !== null) copy.current.scrollLeft = input.current.scrollLeft
  }
  useLayoutEffect(follow)

  return (
    <div className="query-field" data-invalid={fault !== undefined}>
      <Icon name="search" />
      <div className="query-lines">
        <div ref={copy} className="query-copy" aria-hidden="true">
          <QueryText query={typed} mistake={fault?.position} />
        </div>
        <input
          ref={input}
          id="search-query"
          role="combobox"
          aria-label="Query"
          aria-expanded={shown}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={shown && active !== -1 ? `${id}-${active}` : undefined}
          aria-invalid={fault !== undefined}
          aria-describedby={
            fault !== undefined ? `${id}-fault` : traceId !== undefined ? `${id}-trace` : undefined
          }
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={4096}
          placeholder="service = checkout and duration > 500ms, any words, or a trace id"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setCaret(event.target.selectionStart ?? event.target.value.length)
            setOpen(true)
            setActive(-1)
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? typed.length)}
          onClick={() => setOpen(true)}
          onBlur={() => {
            setOpen(false)
            if (traceId === undefined) submit(typed)
          }}
          onKeyDown={onKeyDown}
          onKeyUp={follow}
          onScroll={follow}
        />
      </div>
      {traceId !== undefined && (
        <span id={`${id}-trace`} className="query-hint">
          <kbd>Enter</kbd> opens the trace
        </span>
      )}
      {typed === '' ? (
        <kbd className="query-key" title="Press / to search">
          /
        </kbd>
      ) : (
        <button
          type="button"
          className="combo-clear"
          aria-label="Clear query"
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => {
            submit('')
            input.current?.focus()
          }}
        >
          <Icon name="cross" size={12} />
        </button>
      )}
      {fault !== undefined && (
        <span id={`${id}-fault`} className="visually-hidden">
          {fault.message}
        </span>
      )}
      <div className="query-pop" hidden={!shown} onPointerDown={(event) => event.preventDefault()}>
        <div className="combo-list" role="listbox" id={`${id}-list`} aria-label="Completions">
          {shown &&
            options.map((option, at) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the keys, as ARIA's combobox asks
              <div
                key={`${option.kind} ${option.label}`}
                id={`${id}-${at}`}
                role="option"
                tabIndex={-1}
                className="query-option"
                data-kind={option.kind}
                data-active={at === active}
                aria-selected={at === active}
                ref={at === active ? scrollIntoView : undefined}
                onClick={() => choose(option)}
              >
                <span className="query-option-label truncate">
                  <Text>{option.label}</Text>
                </span>
                <span className="query-option-detail">{option.detail}</span>
              </div>
            ))}
        </div>
        {note !== undefined && <p className="combo-note">{note}</p>}
        <p className="query-foot" aria-hidden="true">
          <kbd>Tab</kbd> completes <kbd>Enter</kbd> searches <kbd>Esc</kbd> closes
        </p>
      </div>
    </div>
  )
}

/** Keys and values are asked for while the list is open; those of a prefix alone where the store has more than it tells at once. */
function useCompletions(
  state: SearchState,
  typed: string,
  context: CompletionContext,
  recent: readonly string[],
  isOpen: boolean,
): { readonly options: readonly Completion[]; readonly note: string | undefined } {
  const wantsKeys = isOpen && (context.expects === 'condition' || context.expects === 'key')
  const wantsValues =
    isOpen && context.expects === 'value' && context.field !== '' && fixedValues(context.field) === undefined
  const keys = useQuery({ ...attributeKeysOptions(state, ''), enabled: wantsKeys })
  const moreKeys = useQuery({
    ...attributeKeysOptions(state, context.prefix),
    enabled: wantsKeys && context.prefix !== '' && keys.data?.truncated === true,
  })
  const values = useQuery({ ...attributeValuesOptions(state, context.field, ''), enabled: wantsValues })
  const moreValues = useQuery({
    ...attributeValuesOptions(state, context.field, context.prefix),
    enabled: wantsValues && context.prefix !== '' && values.data?.truncated === true,
  })
  if (!isOpen) return { options: [], note: undefined }
  const options = completionsAt(typed, context, {
    keys: moreKeys.data ?? keys.data ?? { keys: [], sample: { oneIn: 1 } },
    values: moreValues.data ?? values.data ?? { values: [], sample: { oneIn: 1 } },
    recent,
  })
  const isEmpty = options.length === 0
  const note = !wantsValues
    ? undefined
    : values.isPending
      ? 'Loading values…'
      : values.isError
        ? `Values could not be loaded: ${values.error.message}`
        : isEmpty
          ? context.prefix === ''
            ? 'No value of it in this time range: any can be written'
            : undefined
          : undefined
  return { options, note }
}

function scrollIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' })
}
