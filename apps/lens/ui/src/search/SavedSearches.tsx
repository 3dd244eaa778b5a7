/** Searches that this browser keeps under a name. Their addresses say all, so that a link to one works for whoever gets it. */
import { Link, useRouter } from '@tanstack/react-router'
import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from 'react'
import { searchLink } from '../model/links.ts'
import {
  LONGEST_NAME,
  MOST_SAVED,
  readSaved,
  withoutSaved,
  withSaved,
  writeSaved,
} from '../model/saved-searches.ts'
import { activeFilters, rangeInWords, type SearchState, searchParams } from '../model/search-state.ts'
import { CopyButton } from '../ui/CopyButton.tsx'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import { useStored } from './use-stored.ts'
import './SavedSearches.css'

export function SavedSearches({ state }: { readonly state: SearchState }) {
  const id = useId()
  const router = useRouter()
  const [isOpen, setOpen] = useState(false)
  const opener = useRef<HTMLButtonElement>(null)
  const pop = useRef<HTMLDivElement>(null)
  const [text, store] = useStored('lens.searches')
  const saved = readSaved(text)
  const current = searchParams(state).toString()
  const isSame = (search: SearchState) => searchParams(search).toString() === current
  const known = saved.find(({ search }) => isSame(search))
  const close = () => {
    setOpen(false)
    opener.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && isOpen) close()
  }
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const name = String(new FormData(event.currentTarget).get('name'))
    store(writeSaved(withSaved(saved, name, state)))
  }
  return (
    <div className="saved">
      <button
        ref={opener}
        type="button"
        className="button"
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        onClick={() => setOpen(!isOpen)}
        onKeyDown={onKeyDown}
      >
        {known === undefined ? (
          'Saved'
        ) : (
          <span className="saved-known truncate">
            <Text>{known.name}</Text>
          </span>
        )}
        <Icon name="down" />
      </button>
      {isOpen && (
        <>
          <div className="time-range-away" aria-hidden="true" onClick={() => setOpen(false)} />
          <div
            ref={pop}
            tabIndex={-1}
            className="saved-pop"
            role="dialog"
            aria-label="Saved searches"
            onKeyDown={onKeyDown}
          >
            <form onSubmit={save}>
              <label htmlFor={id} className="label">
                {known === undefined ? 'Save this search as' : 'Saved; another name'}
              </label>
              <div>
                <input
                  key={known?.name ?? current}
                  id={id}
                  name="name"
                  className="field"
                  required
                  maxLength={LONGEST_NAME}
                  autoComplete="off"
                  defaultValue={known?.name ?? suggestedName(state)}
                />
                <button type="submit" className="button primary">
                  Save
                </button>
              </div>
            </form>
            {saved.length === 0 ? (
              <p className="combo-note">
                None yet. They stay in this browser; the address of the page is the search itself, to send to
                others.
              </p>
            ) : (
              <ul aria-label="Saved searches">
                {saved.map(({ name, search }) => (
                  <li key={name} data-current={isSame(search)}>
                    <Link
                      {...searchLink(search)}
                      onClick={() => setOpen(false)}
                      aria-current={isSame(search)}
                    >
                      <span className="truncate">
                        <Text>{name}</Text>
                      </span>
                      <span className="saved-what truncate">
                        <Text>{describe(search)}</Text>
                      </span>
                    </Link>
                    <CopyButton
                      text={() => new URL(router.buildLocation(searchLink(search)).href, location.href).href}
                      label={`Copy link to ${name}`}
                      icon="link"
                    />
                    <button
                      type="button"
                      className="button quiet small icon"
                      aria-label={`Delete ${name}`}
                      title={`Delete ${name}`}
                      onClick={() => {
                        store(writeSaved(withoutSaved(saved, name)))
                        // What had the focus is gone.
                        pop.current?.focus()
                      }}
                    >
                      <Icon name="cross" />
                    </button>
                  </li>
                ))}
              </ul>
            )}
            {saved.length >= MOST_SAVED && (
              <p className="combo-note">There are {MOST_SAVED}: another one takes the place of the oldest.</p>
            )}
          </div>
        </>
      )}
    </div>
  )
}

function suggestedName(state: SearchState): string {
  const filters = activeFilters(state).map(({ name, value }) =>
    /^At /.test(name) ? `${name.toLowerCase()} ${value}` : value,
  )
  return filters.join(', ').slice(0, 60)
}

function describe(search: SearchState): string {
  const filters = activeFilters(search).map(({ name, value }) =>
    name === 'Query' ? value : `${name} ${value}`,
  )
  const when = search.live === undefined ? rangeInWords(search) : 'live'
  return [...filters, when].join(' · ').slice(0, 200)
}
