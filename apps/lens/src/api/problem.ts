/** Errors of Lens's own API as RFC 9457 problem details. */

import type { Problem } from './contract.ts'

export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

export function badParameter(
  parameter: string,
  detail: string,
  position?: Problem['position'],
): ProblemError {
  return new ProblemError({
    type: 'about:blank',
    title: 'Bad Request',
    status: 400,
    detail: `${parameter}: ${detail}`,
    parameter,
    ...(position === undefined ? {} : { position }),
  })
}

export function notFound(detail: string): ProblemError {
  return new ProblemError({ type: 'about:blank', title: 'Not Found', status: 404, detail })
}
