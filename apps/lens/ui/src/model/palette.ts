/**
 * What the command palette offers for what was typed: pages, names of this store, saved searches, settings, and always the search for the words
 * themselves. Pure, so that it is tested without a browser; `CommandPalette` draws it.
 */
import type { FacetsResponse } from 'rustok-lens/contract'
import {
  diffWithLink,
  homeLink,
  mapLink,
  searchLink,
  tenantLink,
  tenantsLink,
  traceLink,
  type userLink,
  whyLink,
} from './links.ts'
import { quoted } from './query-text.ts'
import type { SavedSearch } from './saved-searches.ts'
import type { TimeScope } from './time-scope.ts'
import { traceIdIn } from './trace-id.ts'

export type PaletteLink =
  | ReturnType<typeof homeLink>
  | ReturnType<typeof searchLink>
  | ReturnType<typeof traceLink>
  | ReturnType<typeof whyLink>
  | ReturnType<typeof mapLink>
  | ReturnType<typeof tenantsLink>
  | ReturnType<typeof tenantLink>
  | ReturnType<typeof userLink>
  | ReturnType<typeof diffWithLink>

export type PaletteKind =
  | 'page'
  | 'trace'
  | 'tenant'
  | 'service'
  | 'operation'
  | 'user'
  | 'saved'
  | 'command'
  | 'search'

/** It leads somewhere, or it does something. */
export type PaletteItem = {
  readonly kind: PaletteKind
  readonly label: string
  /** What it is, where its kind does not say it. */
  readonly detail?: string
} & ({ readonly link: PaletteLink } | { readonly command: string })

export interface PaletteSources {
  readonly time: TimeScope
  /** Of the shared time; undefined until it is known. */
  readonly facets: FacetsResponse | undefined
  readonly saved: readonly SavedSearch[]
  /** What can be done here, by name, in words. */
  readonly commands: readonly { readonly command: string; readonly label: string }[]
  /** On a trace's page: its id. */
  readonly traceId: string | undefined
}

/** Enough to choose from without scrolling twice. */
const MOST = 14
/** The score of a name that has a word's letters, with others between them. */
const GUESS = 0.5
/** Names of the store before anything is typed. */
const FEW = 3

export function paletteItems(typed: string, sources: PaletteSources): readonly PaletteItem[] {
  const text = typed.trim()
  const traceId = traceIdIn(text)
  if (traceId !== undefined)
    return [{ kind: 'trace', label: `Open trace ${traceId}`, link: traceLink(traceId) }]
  const named = namesOf(sources)
  if (text === '') {
    const some = (['tenant', 'service'] as const).flatMap((kind) =>
      named.filter((item) => item.kind === kind).slice(0, FEW),
    )
    return [...pagesOf(sources), ...savedOf(sources), ...some, ...commandsOf(sources)]
  }
  const all = [...pagesOf(sources), ...savedOf(sources), ...named, ...commandsOf(sources)]
  const ranked = all
    .map((item) => ({ item, score: scoreOf(text, item) }))
    .filter(({ score }) => score > 0)
    // Letters with gaps are a guess, for when nothing has the words.
    .filter(({ score }, _, found) => score > GUESS || found.every((other) => other.score <= GUESS))
    // Stable: what is equally near stays in the order of the sources, in which frequent names come first.
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST - 1)
    .map(({ item }) => item)
  const words: PaletteItem = {
    kind: 'search',
    label: `Search for ${text}`,
    detail: 'any attribute, name or event with these words',
    link: searchLink({ ...sources.time, query: quoted(text) }),
  }
  return [...ranked, words]
}

function pagesOf({ time, traceId }: PaletteSources): readonly PaletteItem[] {
  const page = (label: string, detail: string, link: PaletteLink): PaletteItem => ({
    kind: 'page',
    label,
    detail,
    link,
  })
  return [
    ...(traceId === undefined
      ? []
      : [page('Compare this trace', 'with a typical one, the fastest, or any other', diffWithLink(traceId))]),
    page('Home', 'what changed', homeLink(time)),
    page('Traces', 'search, heatmap, live', searchLink(time)),
    page('Why?', 'what failed or slow ones have in common', whyLink(time)),
    page('Map', 'who calls whom', mapLink(time)),
    page('Tenants', 'rates, errors, durations of each', tenantsLink(time)),
  ]
}

function savedOf({ saved }: PaletteSources): readonly PaletteItem[] {
  return saved.map(({ name, search }) => ({ kind: 'saved', label: name, link: searchLink(search) }))
}

function commandsOf({ commands }: PaletteSources): readonly PaletteItem[] {
  return commands.map(({ command, label }) => ({ kind: 'command', label, command }))
}

function namesOf({ facets, time }: PaletteSources): readonly PaletteItem[] {
  if (facets === undefined) return []
  const named = (values: FacetsResponse['tenants']) => values.filter(({ value }) => value !== '')
  return [
    ...named(facets.tenants).map(
      ({ value }): PaletteItem => ({ kind: 'tenant', label: value, link: tenantLink(value, time) }),
    ),
    ...named(facets.services).map(
      ({ value }): PaletteItem => ({
        kind: 'service',
        label: value,
        link: searchLink({ ...time, service: value }),
      }),
    ),
    ...named(facets.operations).map(
      ({ value }): PaletteItem => ({
        kind: 'operation',
        label: value,
        link: searchLink({ ...time, operation: value }),
      }),
    ),
    ...named(facets.users).map(
      ({ value }): PaletteItem => ({
        kind: 'user',
        label: value,
        link: searchLink({ ...time, user: value }),
      }),
    ),
  ]
}

/** 0: it is not meant. Each word must be in the name or the kind; nearer the beginning counts more, letters with gaps least. */
function scoreOf(typed: string, { label, kind, detail = '' }: PaletteItem): number {
  const name = label.toLowerCase()
  let score = 0
  for (const word of typed.toLowerCase().split(/\s+/)) {
    const found = wordScore(word, name) || (kind.startsWith(word) || detail.includes(word) ? 1 : 0)
    if (found === 0) return 0
    score += found
  }
  return score
}

function wordScore(word: string, name: string): number {
  if (name === word) return 6
  if (name.startsWith(word)) return 5
  const at = name.indexOf(word)
  if (at > 0) return /[\s/._-]/.test(name[at - 1]!) ? 4 : 3
  return word.length > 2 && isSubsequence(word, name) ? GUESS : 0
}

function isSubsequence(word: string, name: string): boolean {
  let at = 0
  for (const letter of name) if (letter === word[at]) at++
  return at === word.length
}
