/** SIGTERM while requests come in: what the server took up it answers, handles and reports, to the last span. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { unpackEmptyCluster } from './support/empty-cluster.ts'
import { ServerProcess } from './support/server-process.ts'
import { startSpanReceiver } from './support/span-receiver.ts'

const CLIENTS = 16
/** Answers before the signal. */
const WARM = 60

const CREATE = JSON.stringify({ query: 'mutation { createNode(input: { title: "Load" }) { node { id } } }' })

test('answers every request that it took up before SIGTERM, and delivers every span of them', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'rustok-load-'))
  await unpackEmptyCluster(dataDir)
  const receiver = await startSpanReceiver()
  const server = new ServerProcess({
    RUSTOK_DATA_DIR: dataDir,
    OTEL_ENABLED: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
  })
  try {
    const ready = await server.ready()
    const token = ready.demo?.tenants.flatMap(({ users }) => users).find(({ id }) => id === 'ada')?.token
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const answered = new Set<string>()
    const warm = Promise.withResolvers<void>()
    const client = async () => {
      for (;;) {
        // Refused once nobody listens any more: the end of this client.
        const response = await fetch(`${ready.url}/graphql`, { method: 'POST', headers, body: CREATE }).catch(
          () => undefined,
        )
        if (response === undefined) return
        assert.equal(response.status, 200)
        const { data } = (await response.json()) as { data: { createNode: { node: { id: string } } } }
        assert.match(data.createNode.node.id, /^[0-9a-f-]{36}$/)
        answered.add(response.headers.get('x-trace-id') ?? '')
        if (answered.size === WARM) warm.resolve()
      }
    }
    const clients = Array.from({ length: CLIENTS }, client)
    await Promise.race([warm.promise, Promise.all(clients)])
    server.child.kill('SIGTERM')
    assert.deepEqual(await server.exited, { code: 0, signal: null }, server.stdout.slice(-2_000))
    await Promise.all(clients)
    assert.ok(answered.size >= WARM)

    const taken = server.stdout
      .split('\n')
      .filter((line) => line.includes('"request completed"'))
      .map((line) => JSON.parse(line) as { trace_id: string; status: number })
    assert.ok(taken.every(({ status }) => status === 200))
    assert.deepEqual(taken.map(({ trace_id }) => trace_id).toSorted(), [...answered].toSorted())
    for (const traceId of answered) {
      const names = receiver.ofTrace(traceId).map(({ name }) => name)
      for (const name of [
        'POST /graphql',
        'INSERT nodes',
        'process content.node.created',
        'INSERT content_stats',
      ]) {
        assert.equal(names.filter((found) => found === name).length, 1, `${name} of ${traceId}`)
      }
    }
  } finally {
    await server.kill()
    receiver.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
