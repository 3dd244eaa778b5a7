/**
 * Who one is to Lens, as a query like any other: asked with the first page, again when the tab is looked at, and set when one
 * signs in or out. Any answer of 401 ends it (queries.ts). The cookie itself is out of a script's reach.
 */
import { type QueryClient, queryOptions } from '@tanstack/react-query'
import type { SessionRequest, SessionResponse } from 'rustok-lens/contract'
import { RECENT_KEY } from '../model/saved-searches.ts'
import { ApiError, fetchJson, postJson, sendDelete } from './client.ts'

export type Session =
  | { readonly who: SessionResponse }
  /** `why` is what the page says: nobody was here yet, the session has ended, one has left. */
  | { readonly who: undefined; readonly why: 'new' | 'ended' | 'left' }

const route = '/api/lens/session'
const sessionKey = ['session'] as const
const left: Session = { who: undefined, why: 'left' }

export const sessionOptions = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ client, signal }): Promise<Session> => {
    const before = client.getQueryData<Session>(sessionKey)
    try {
      const who = await fetchJson<SessionResponse>(route, signal)
      // Another tab has signed in as somebody else: nothing that this one holds is for him.
      if (before?.who !== undefined && !isSame(before.who, who)) location.reload()
      return { who }
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error
      return withoutSession(before)
    }
  },
  staleTime: 60_000,
  // Another tab may have signed in or out, or the token may have ended overnight.
  refetchOnWindowFocus: 'always',
})

/** For answers of 401: what is shown goes, and the page to sign in comes. */
export function noteSessionEnd(client: QueryClient): void {
  client.setQueryData<Session>(sessionKey, (before) => withoutSession(before))
}

/** Rejects with ApiError, whose status tells a token that is not known (401) from one that does not read (403). */
export async function signIn(client: QueryClient, token: string): Promise<void> {
  const body: SessionRequest = { token }
  const who = await postJson<SessionResponse>(route, body)
  await client.cancelQueries({ queryKey: sessionKey })
  client.setQueryData<Session>(sessionKey, { who })
}

export async function signOut(client: QueryClient): Promise<void> {
  await sendDelete(route)
  forgetQueries()
  await client.cancelQueries({ queryKey: sessionKey })
  client.setQueryData(sessionKey, left)
}

/** Drops every answer but this one: the next to sign in may see less. */
export function forgetAnswers(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] })
}

/** What was asked may name customers: it is not for who signs in next. Searches that were given a name stay. */
function forgetQueries(): void {
  try {
    localStorage.removeItem(RECENT_KEY)
  } catch {
    // Storage is blocked: nothing is kept in it.
  }
}

function withoutSession(before: Session | undefined): Session {
  if (before === undefined) return { who: undefined, why: 'new' }
  return before.who === undefined ? before : { who: undefined, why: 'ended' }
}

function isSame(one: SessionResponse, other: SessionResponse): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
