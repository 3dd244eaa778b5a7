/**
 * Puts the page to sign in where any other would be, at the same address, so that signing in leads on to what was asked for.
 * Pages are drawn before it is known who one is: mostly everybody may see them, and a 401 takes them away again.
 */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { sessionOptions } from '../api/session.ts'
import { SignInPage } from './SignInPage.tsx'

export function SessionGate({ children }: { readonly children: ReactNode }) {
  const { data: session } = useQuery(sessionOptions)
  const isSignedOut = session !== undefined && session.who === undefined
  const wasSignedOut = useRef(false)
  useEffect(() => {
    // The field that had the focus is gone: keys and screen readers go on at the page.
    if (wasSignedOut.current && !isSignedOut) document.querySelector<HTMLElement>('#main')?.focus()
    wasSignedOut.current = isSignedOut
  }, [isSignedOut])
  return isSignedOut ? <SignInPage why={session.why} /> : children
}
