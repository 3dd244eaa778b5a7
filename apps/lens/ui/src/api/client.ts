/**
 * Asks the backend and tells failures apart: the server's own problem details, an answer that is none, or no answer at
 * all. Called by the queries alone.
 */
import type { Problem } from 'rustok-lens/contract'

export class ApiError extends Error {
  /** 0 when there was no answer. */
  readonly status: number
  readonly title: string
  /** The query parameter that was refused. */
  readonly parameter: string | undefined

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options)
    this.name = 'ApiError'
    this.status = problem.status
    this.title = problem.title
    this.parameter = problem.parameter
  }
}

export async function fetchJson<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(path, { signal, headers: { accept: 'application/json' } })
  } catch (cause) {
    if (signal.aborted) throw cause
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
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok && body !== undefined) return body as Answer
  throw new ApiError(problemOf(response, body))
}

function problemOf(response: Response, body: unknown): Problem {
  const { title, detail, parameter } = (
    typeof body === 'object' && body !== null ? body : {}
  ) as Partial<Problem>
  return {
    type: 'about:blank',
    title: typeof title === 'string' ? title : `Lens answered ${response.status}`,
    status: response.status,
    detail: typeof detail === 'string' ? detail : 'The answer was not in a form that this page understands.',
    ...(typeof parameter === 'string' ? { parameter } : {}),
  }
}
