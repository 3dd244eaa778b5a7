/** How a server that cannot serve says so. Its tests end the shared server, so that they are the last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedServer as server } from '../support/shared-server.ts'

test('says what is missing when it is not ready', async () => {
  await server.database.close()
  const broken = await fetch(`${server.url}/health/ready`)
  assert.equal(broken.status, 503)
  const problem = (await broken.json()) as { missing: string[] }
  assert.match(problem.missing.join(), /^database: ./)
  assert.equal((await fetch(`${server.url}/health/live`)).status, 200)

  server.readiness.stop()
  const stopping = (await (await fetch(`${server.url}/health/ready`)).json()) as { missing: string[] }
  assert.deepEqual(stopping.missing, ['the server is shutting down'])
})
