/** Asks for a token: what it is, where it comes from, and what is wrong with one that does not do. */
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { ApiError } from '../api/client.ts'
import { forgetAnswers, type Session, signIn } from '../api/session.ts'
import { Icon } from '../ui/Icon.tsx'
import { Snippet } from '../ui/Snippet.tsx'
import { usePageTitle } from '../ui/use-page-title.ts'
import './SignInPage.css'

const command = 'rustok-lens token --name ada --role read --tenants acme'

export type SignInPageProps = Pick<Extract<Session, { who: undefined }>, 'why'>

export function SignInPage({ why }: SignInPageProps) {
  const client = useQueryClient()
  const field = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<string>()
  const [isShown, setShown] = useState(false)
  const [isBusy, setBusy] = useState(false)
  usePageTitle('Sign in')
  useEffect(() => {
    forgetAnswers(client)
    field.current?.focus()
  }, [client])

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const token = (field.current?.value ?? '').trim()
    if (token === '') {
      setProblem('Paste or type your token first.')
    } else {
      setBusy(true)
      try {
        return await signIn(client, token)
      } catch (error) {
        setProblem(inWords(error))
      } finally {
        setBusy(false)
      }
    }
    field.current?.focus()
    field.current?.select()
  }

  return (
    <section className="sign-in" aria-labelledby="sign-in-title">
      {why !== 'new' && (
        <p className="sign-in-why" role="status">
          <Icon name={why === 'left' ? 'check' : 'warning'} />
          {why === 'left'
            ? 'You are signed out.'
            : 'Your session has ended. Sign in to go on where you were.'}
        </p>
      )}
      <h1 id="sign-in-title">Sign in to Lens</h1>
      <p>This Lens shows traces to those who have an access token for reading.</p>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <label className="label" htmlFor="sign-in-token">
          Access token
        </label>
        <div className="sign-in-token">
          <input
            ref={field}
            id="sign-in-token"
            className="field mono"
            type={isShown ? 'text' : 'password'}
            name="token"
            autoComplete="current-password"
            autoCapitalize="none"
            spellCheck={false}
            required
            aria-invalid={problem !== undefined}
            aria-describedby={problem === undefined ? 'sign-in-hint' : 'sign-in-problem sign-in-hint'}
            onInput={() => setProblem(undefined)}
          />
          <button
            type="button"
            className="button"
            aria-label="Show the token"
            aria-pressed={isShown}
            aria-controls="sign-in-token"
            onClick={() => setShown(!isShown)}
          >
            {isShown ? 'Hide' : 'Show'}
          </button>
        </div>
        <div role="alert">
          {problem !== undefined && (
            <p id="sign-in-problem" className="sign-in-problem">
              <Icon name="error" />
              <span>{problem}</span>
            </p>
          )}
        </div>
        <button type="submit" className="button primary" disabled={isBusy}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
        <p id="sign-in-hint" className="sign-in-hint">
          This browser does not keep the token: it gets a cookie instead, which is good for 12 hours or until
          you sign out.
        </p>
      </form>
      <div className="sign-in-help">
        <h2>You have none?</h2>
        <p>
          Whoever runs this Lens makes tokens: one with the role <code>read</code> for the tenants that you
          look after, or <code>admin</code> for all of them. Tokens for sending (<code>ingest</code>) do not
          open this page.
        </p>
        <Snippet text={command} label="Copy the command" />
      </div>
    </section>
  )
}

function inWords(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  if (error.status === 401)
    return 'Lens does not know this token: it is mistyped or cut short, has expired, or was withdrawn.'
  if (error.status === 403)
    return 'This token is for sending spans, not for reading them. You need one with the role read or admin.'
  return error.message
}
