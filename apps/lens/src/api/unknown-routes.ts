/** Answers what no route takes, in the words of the API that it was meant for: 405 where another method is taken, else 404, with what was probably meant. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refusalBody } from './refusal.ts'

/** `routes` as `GET /api/traces/:traceId`, complete once the server listens. */
export function addUnknownRoutes(app: FastifyInstance, routes: readonly string[]): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const allowed = methodsAt(path, routes)
    if (allowed.length === 0) return send(request, reply, 404, `there is no ${path}${hintOf(path)}`)
    reply.header('allow', allowed.join(', '))
    return send(request, reply, 405, `${path} takes ${allowed.join(' and ')}, not ${request.method}`)
  }
  app.setNotFoundHandler(answer)
  // Not for the UI's one page, which answers every other address.
  app.get('/api/*', answer)
}

/** Those that the UI's router has no view for, and that somebody asks who looks for something else: a page would tell him that he found it. */
export function isNoView(path: string): boolean {
  return /^(api|v1|metrics|health|healthz|livez|readyz|ready|live|ping|status)(\/|$)/.test(path)
}

function hintOf(path: string): string {
  if (/^\/(v1\/(traces|logs|metrics)|api\/v2\/spans)\/?$/.test(path)) {
    return ': spans are sent to other ports, which /api/lens/endpoints lists'
  }
  if (/^\/(health|healthz|livez|readyz|ready|live|ping|status)(\/|$)/.test(path)) {
    return ': /health/live says whether Lens answers, /health/ready whether its store does'
  }
  return ''
}

function methodsAt(path: string, routes: readonly string[]): string[] {
  const methods = new Set<string>()
  for (const route of routes) {
    const [method = '', pattern = ''] = route.split(' ')
    if (method === 'OPTIONS' || pattern.endsWith('*')) continue
    const parts = pattern.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : escaped(part)))
    if (!new RegExp(`^${parts.join('/')}$`).test(path)) continue
    methods.add(method)
    if (method === 'GET') methods.add('HEAD')
  }
  return [...methods].sort()
}

function escaped(text: string): string {
  return text.replaceAll('.', '\\.')
}

function send(request: FastifyRequest, reply: FastifyReply, status: 404 | 405, detail: string) {
  const { type, body } = refusalBody(request.url, status, detail)
  return reply.code(status).type(type).send(JSON.stringify(body))
}
