/**
 * What a browser on this machine could be talked into: a page of another site that reads traces through a rebound name (Host), or
 * writes across origins (Origin). And the headers that keep script out of the UI, whatever a span's name says.
 */

import type { FastifyInstance, FastifyReply } from 'fastify'

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

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

/** `host` is the configured address. Listening on all addresses is the user's word that any name is meant. */
export function addSecurity(app: FastifyInstance, host: string): void {
  const isAnyName = host === '0.0.0.0' || host === '::'
  const bracketed = host.includes(':') ? `[${host}]` : host
  const isKnown = (name: string) =>
    isAnyName || loopbackNames.has(name) || name.endsWith('.localhost') || name === bracketed.toLowerCase()

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    const name = hostName(request.headers.host ?? '')
    if (!isKnown(name)) {
      return refuse(reply, `Lens does not answer to the name ${JSON.stringify(name)}`)
    }
    const { origin } = request.headers
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead && origin !== undefined && origin !== `http://${request.headers.host}`) {
      return refuse(reply, `Lens takes nothing from ${origin}`)
    }
  })
}

function refuse(reply: FastifyReply, detail: string) {
  const problem = { type: 'about:blank', title: 'Forbidden', status: 403, detail }
  return reply.code(403).type('application/problem+json').send(JSON.stringify(problem))
}

/** Without its port, in lower case. */
function hostName(header: string): string {
  return header.toLowerCase().replace(/:\d+$/, '')
}
