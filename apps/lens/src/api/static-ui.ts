/** Serves the built web UI: its assets, whose names change with their content, for ever; its one page for every address. */

import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isNoView } from './unknown-routes.ts'

const built = fileURLToPath(new URL('../../ui/dist/', import.meta.url))

const notBuilt = `<!doctype html><meta charset="utf-8"><title>RusToK Lens</title>
<h1>RusToK Lens is running</h1>
<p>Its web UI is not built yet. <code>npm run build --workspace=rustok-lens-ui</code> in the repository builds it.</p>
<p>The query API answers meanwhile: <a href="/api/services">/api/services</a>.</p>
`

export async function addUi(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, { root: built, serve: false, cacheControl: false, dotfiles: 'deny' })

  // The page is no secret, and it is where one logs in.
  const options = { config: { access: 'public' } } as const

  app.get('/assets/*', options, async (request, reply) => {
    const path = pathOf(request)
    if (!(await isFile(path))) return reply.callNotFound()
    return reply.sendFile(path, { cacheControl: true, maxAge: '365d', immutable: true })
  })

  app.get('/*', options, async (request, reply) => {
    const path = pathOf(request)
    if (isNoView(path)) return reply.callNotFound()
    reply.header('cache-control', 'no-cache')
    if (path !== '' && (await isFile(path))) return reply.sendFile(path)
    // What is named like a file is one that is missing; any other address is a view of the UI, which has its own router. A tenant may have a dot.
    if (/^[^/]*\.[a-z0-9]+$/i.test(path)) return reply.callNotFound()
    if (!(await isFile('index.html'))) return reply.code(503).type('text/html; charset=utf-8').send(notBuilt)
    const [, traceId] = /^trace\/([0-9a-f]{32})$/.exec(path) ?? []
    // What takes longest is asked for before the page is read; what the page asks for later, with the same address, is what came of this.
    if (traceId !== undefined) {
      const waterfall = `/api/lens/traces/${traceId}/waterfall`
      reply.header('link', `<${waterfall}>; rel=preload; as=fetch; crossorigin=anonymous`)
    }
    return reply.sendFile('index.html')
  })
}

/** Normalised by URL, so that it cannot climb. */
function pathOf(request: FastifyRequest): string {
  return new URL(request.url, 'http://ui').pathname.slice(1)
}

/** For files by their own names, which the build gives; an escaped name is none of them. */
async function isFile(path: string): Promise<boolean> {
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(path)) return false
  try {
    return (await stat(built + path)).isFile()
  } catch {
    return false
  }
}
