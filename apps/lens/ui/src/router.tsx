/**
 * The addresses, and the page of each, which is a file of its own that is loaded with the route. Query strings are plain text (no JSON in
 * them), so that they can be typed and are the API's own. Links are made by `model/links.ts`.
 */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { searchLink } from './model/links.ts'
import { nameFromPath } from './model/name-in-path.ts'
import { parseSearchState } from './model/search-state.ts'
import { parseTenantsState } from './model/tenants-state.ts'
import { isSearch, timeScope } from './model/time-scope.ts'
import { parseTraceState } from './model/trace-state.ts'
import { parseWhyState } from './model/why-state.ts'
import { CrashPage, NotFoundPage } from './ui/FailurePage.tsx'
import { Layout } from './ui/Layout.tsx'

const HomePage = lazyRouteComponent(() => import('./home/HomePage.tsx'), 'HomePage')
const SearchPage = lazyRouteComponent(() => import('./search/SearchPage.tsx'), 'SearchPage')
const TracePage = lazyRouteComponent(() => import('./trace/TracePage.tsx'), 'TracePage')
const WhyPage = lazyRouteComponent(() => import('./why/WhyPage.tsx'), 'WhyPage')
const DiffPage = lazyRouteComponent(() => import('./diff/DiffPage.tsx'), 'DiffPage')
const DiffWithPage = lazyRouteComponent(() => import('./diff/DiffWithPage.tsx'), 'DiffWithPage')
const MapPage = lazyRouteComponent(() => import('./map/MapPage.tsx'), 'MapPage')
const TenantsPage = lazyRouteComponent(() => import('./tenants/TenantsPage.tsx'), 'TenantsPage')
const TenantPage = lazyRouteComponent(() => import('./tenants/TenantPage.tsx'), 'TenantPage')
const UserPage = lazyRouteComponent(() => import('./tenants/UserPage.tsx'), 'UserPage')

/** A route's component, which the router waits for the page's file with. */
function lazily(
  page: { readonly preload?: (() => Promise<void> | undefined) | undefined },
  component: () => ReactNode,
) {
  return Object.assign(component, { preload: async () => page.preload?.() })
}

const rootRoute = createRootRoute({
  component: Layout,
  notFoundComponent: NotFoundPage,
  errorComponent: CrashPage,
})

export const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: parseSearchState,
  beforeLoad: ({ search }) => {
    if (isSearch(search)) throw redirect({ ...searchLink(search), replace: true })
  },
  component: lazily(HomePage, function Home() {
    return <HomePage time={timeScope({ ...homeRoute.useSearch() })} />
  }),
})

export const searchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/search',
  validateSearch: parseSearchState,
  component: lazily(SearchPage, function Search() {
    return <SearchPage state={searchRoute.useSearch()} />
  }),
})

export const traceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/trace/$traceId',
  validateSearch: parseTraceState,
  component: lazily(TracePage, function Trace() {
    const { traceId } = traceRoute.useParams()
    return <TracePage key={traceId} traceId={traceId} state={traceRoute.useSearch()} />
  }),
})

export const whyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/why',
  validateSearch: parseWhyState,
  component: lazily(WhyPage, function Why() {
    return <WhyPage state={whyRoute.useSearch()} />
  }),
})

export const diffRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/diff/$a/$b',
  component: lazily(DiffPage, function Diff() {
    const { a, b } = diffRoute.useParams()
    return <DiffPage key={`${a} ${b}`} a={a} b={b} />
  }),
})

export const diffWithRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/diff/$a',
  component: lazily(DiffWithPage, function DiffWith() {
    const { a } = diffWithRoute.useParams()
    return <DiffWithPage key={a} a={a} />
  }),
})

export const mapRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/map',
  validateSearch: parseSearchState,
  component: lazily(MapPage, function ServiceMap() {
    return <MapPage state={mapRoute.useSearch()} />
  }),
})

export const tenantsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/tenants',
  validateSearch: parseTenantsState,
  component: lazily(TenantsPage, function Tenants() {
    return <TenantsPage state={tenantsRoute.useSearch()} />
  }),
})

export const tenantRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/tenants/$tenant',
  validateSearch: timeScope,
  component: lazily(TenantPage, function Tenant() {
    const tenant = nameFromPath(tenantRoute.useParams().tenant)
    return <TenantPage key={tenant} tenant={tenant} time={tenantRoute.useSearch()} />
  }),
})

export const userRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/tenants/$tenant/users/$user',
  validateSearch: timeScope,
  component: lazily(UserPage, function User() {
    const params = userRoute.useParams()
    const [tenant, user] = [nameFromPath(params.tenant), nameFromPath(params.user)]
    return <UserPage key={`${tenant}\n${user}`} tenant={tenant} user={user} time={userRoute.useSearch()} />
  }),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    homeRoute,
    searchRoute,
    traceRoute,
    whyRoute,
    diffRoute,
    diffWithRoute,
    mapRoute,
    tenantsRoute,
    tenantRoute,
    userRoute,
  ]),
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
