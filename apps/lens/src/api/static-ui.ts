/** Serves the built web UI: its assets, whose names change with their content, for ever; its one page for every address. */

import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

const built = fileURLToPath(new URL('../../ui/dist/', import.meta.url))

const notBuilt = `<!doctype html><meta charset="utf-8"><title>RusToK Lens</title>
<h1>RusToK Lens is running</h1>
<p>Its web UI is not built yet. Run <code>npm start</code> in the repository, which builds it.</p>
<p>The query API answers meanwhile: <a href="/api/services">/api/services</a>.</p>
`

export async function addUi(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, { root: built, serve: false, cacheControl: false })

  app.get('/assets/*', async (request, reply) => {
    const path = request.url.slice(1).split('?', 1)[0] ?? ''
    reply.header('cache-control', 'public, max-age=31536000, immutable')
    return reply.sendFile(path)
  })

  // Any other address is a view of the UI, which has its own router.
  app.get('/*', async (_request, reply) => {
    reply.header('cache-control', 'no-cache')
    if (await isBuilt()) return reply.sendFile('index.html')
    return reply.code(503).type('text/html; charset=utf-8').send(notBuilt)
  })
}

async function isBuilt(): Promise<boolean> {
  try {
    await access(`${built}index.html`)
    return true
  } catch {
    return false
  }
}
