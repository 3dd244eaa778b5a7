/** `/openapi.json`: what the REST routes take and answer. */
import packageJson from '../../package.json' with { type: 'json' }
import { describeRest } from '../openapi/describe-rest.ts'
import type { AppPlugin } from './plugin.ts'

export const openapi: AppPlugin = (app) => {
  let written: string | undefined
  app.get('/openapi.json', (_request, reply) => {
    written ??= JSON.stringify(describeRest(packageJson.version))
    return reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(written)
  })
}
