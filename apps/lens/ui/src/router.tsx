/**
 * The addresses: `/search` with the search as its query string (and `/`, which leads there), `/trace/{id}` with the selected span and the zoom. Query strings are
 * plain text (no JSON in them), so that they can be typed and are the API's own.
 */
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { searchLink } from './model/links.ts'
import { parseSearchState } from './model/search-state.ts'
import { parseTraceState } from './model/trace-state.ts'
import { SearchPage } from './search/SearchPage.tsx'
import { TracePage } from './trace/TracePage.tsx'
import { CrashPage, NotFoundPage } from './ui/FailurePage.tsx'
import { Layout } from './ui/Layout.tsx'

const rootRoute = createRootRoute({
  component: Layout,
  notFoundComponent: NotFoundPage,
  errorComponent: CrashPage,
})

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: parseSearchState,
  beforeLoad: ({ search }) => {
    throw redirect({ ...searchLink(search), replace: true })
  },
})

export const searchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/search',
  validateSearch: parseSearchState,
  component: function Search() {
    return <SearchPage state={searchRoute.useSearch()} />
  },
})

export const traceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/trace/$traceId',
  validateSearch: parseTraceState,
  component: function Trace() {
    const { traceId } = traceRoute.useParams()
    return <TracePage key={traceId} traceId={traceId} state={traceRoute.useSearch()} />
  },
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([homeRoute, searchRoute, traceRoute]),
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (state) => {
    const params = new URLSearchParams()
    for (const [key, value] of Object.entries(state)) if (value !== undefined) params.set(key, String(value))
    return params.size === 0 ? '' : `?${params}`
  },
  defaultPreload: false,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
