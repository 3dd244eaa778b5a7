/**
 * Asks the backend and tells failures apart: the server's own problem details, an answer that is none, or no answer at
 * all. Called by the queries and by what opens and ends a session.
 */
import type { Problem } from 'rustok-lens/contract'

export class ApiError extends Error {
  /** 0 when there was no answer. */
  readonly status: number
  readonly title: string
  /** The query parameter that was refused. */
  readonly parameter: string | undefined
  /** Where in the parameter's text. */
  readonly position: Problem['position']

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options)
    this.name = 'ApiError'
    this.status = problem.status
    this.title = problem.title
    this.parameter = problem.parameter
    this.position = problem.position
  }
}

/** Nothing came back: Lens is not there, or the network is not. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0
}

/** Any answer will do, also that one has to sign in. */
export async function isAnswering(): Promise<boolean> {
  try {
    await send('/api/lens/session', { signal: AbortSignal.timeout(5000) })
    return true
  } catch {
    return false
  }
}

export async function fetchJson<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  return answerOf(await send(path, { signal }))
}

/** An answer that goes on: its body is read as it comes. */
export async function fetchStream(
  path: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const response = await send(path, { signal, headers })
  return response.ok ? response : answerOf(response)
}

export function postJson<Answer>(path: string, body: unknown): Promise<Answer> {
  return postText(path, JSON.stringify(body))
}

/** JSON that is text already. */
export async function postText<Answer>(path: string, body: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  return answerOf(await send(path, { method: 'POST', headers, body }))
}

export async function sendDelete(path: string): Promise<void> {
  const response = await send(path, { method: 'DELETE' })
  if (!response.ok) await answerOf(response)
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } })
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause
    throw new ApiError(
      {
        type: 'about:blank',
        title: 'Lens does not answer',
        status: 0,
        detail: `No connection to ${location.host}. Is it still running?`,
      },
      { cause },
    )
  }
}

async function answerOf<Answer>(response: Response): Promise<Answer> {
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok && body !== undefined) return body as Answer
  throw new ApiError(problemOf(response, body))
}

function problemOf(response: Response, body: unknown): Problem {
  const { title, detail, parameter, position } = (
    typeof body === 'object' && body !== null ? body : {}
  ) as Partial<Problem>
  return {
    type: 'about:blank',
    title: typeof title === 'string' ? title : `Lens answered ${response.status}`,
    status: response.status,
    detail: typeof detail === 'string' ? detail : 'The answer was not in a form that this page understands.',
    ...(typeof parameter === 'string' ? { parameter } : {}),
    ...(typeof position?.column === 'number' && typeof position.length === 'number' ? { position } : {}),
  }
}
