/**
 * What a browser on this machine could be talked into: a page of another site that reads traces through a rebound name (Host), or
 * writes across origins (Origin). And the headers that keep script out of the UI, whatever a span's name says.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type KnownNames, nameOf } from './known-names.ts'
import { refusalBody } from './refusal.ts'

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  // React's style attributes position the bars of the waterfall.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function addSecurity(app: FastifyInstance, names: KnownNames): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'x-request-id': request.id,
    })
    // What is answered depends on who asks, and on what has arrived since.
    if (/^\/(api|metrics|health)(\/|\?|$)/.test(request.url)) reply.header('cache-control', 'no-store')
    const host = request.headers.host ?? ''
    if (!names.has(nameOf(host))) {
      const name = JSON.stringify(nameOf(host))
      return refuse(
        request,
        reply,
        `Lens does not answer to the name ${name}: LENS_ALLOWED_HOSTS can allow it`,
      )
    }
    if (isFromElsewhere(request, host, names)) {
      return refuse(
        request,
        reply,
        `Lens takes nothing from pages of ${request.headers.origin ?? 'other sites'}`,
      )
    }
  })
}

/**
 * Whether a page of another site sent it: to write, or to learn from how long a search takes, since it cannot read the answer. Following a link is no such
 * thing. A proxy that ends TLS makes `https` of our `http`, and may put its own name for ours.
 */
function isFromElsewhere({ headers, method }: FastifyRequest, host: string, names: KnownNames): boolean {
  const { origin } = headers
  if (origin !== undefined) {
    const url = URL.parse(origin)
    if (url === null || !/^https?:$/.test(url.protocol)) return true
    const isSame = url.host === URL.parse(`${url.protocol}//${host}`)?.host
    return !isSame && !(url.protocol === 'https:' && names.isGiven(nameOf(url.host)))
  }
  const site = headers['sec-fetch-site']
  const isLink = headers['sec-fetch-mode'] === 'navigate' && (method === 'GET' || method === 'HEAD')
  return (site === 'cross-site' || site === 'same-site') && !isLink
}

function refuse(request: FastifyRequest, reply: FastifyReply, detail: string) {
  const { type, body } = refusalBody(request.url, 403, detail)
  return reply.code(403).type(type).send(JSON.stringify(body))
}
