/** A store by its URL, as a cluster is used: the embedded engine's own HTTP interface stands in for one, behind a TCP port. */

import assert from 'node:assert/strict'
import { connect, createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { findTraces } from '../../src/query/find-traces.ts'
import { EngineProcess } from '../../src/store/embedded/engine-process.ts'
import { openStore } from '../../src/store/open-store.ts'
import { SpanBlock, spanContext } from '../../src/store/span-block.ts'
import { hex, resourceSpans, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const log = pino({ level: 'silent' })
let directory: TemporaryDirectory
let engine: EngineProcess
let proxy: Server
before(async () => {
  directory = await TemporaryDirectory.create()
  engine = await EngineProcess.start(directory.path, log)
  proxy = createServer((client) => {
    const upstream = connect({ path: engine.socket })
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  await proxy[Symbol.asyncDispose]()
  await engine.close()
  await directory[Symbol.asyncDispose]()
})

function url(path: string): URL {
  const address = proxy.address()
  assert.ok(typeof address === 'object' && address !== null)
  return new URL(`http://user:secret@127.0.0.1:${address.port}${path}`)
}

for (const [path, database] of [
  ['/', 'lens'],
  ['/traces of `ours`', 'traces of `ours`'],
] as const) {
  test(`keeps spans in the database ${database} of ${path}`, async () => {
    const store = await openStore({ dataDirectory: '/nonexistent', clickhouseUrl: url(path) }, log)
    const sent = span()
    const resource = resourceSpans('shop', [sent])
    const block = new SpanBlock(Math.floor(Date.now() / 1000))
    block.append(sent, spanContext(resource, resource.scopeSpans[0]!))
    await store.engine.insert('spans', block.columnNames, block.encode())
    const found = await findTraces(store.engine, { from: 0n, to: 2n ** 64n - 1n, service: 'shop' }, 10)
    assert.deepEqual(found, { traceIds: [hex(sent.traceId)], total: 1 })
    const { rows } = await store.engine.query<{ database: string }>(
      "SELECT database FROM system.tables WHERE name = 'spans' AND database = {database:String}",
      { database },
    )
    assert.deepEqual(rows, [{ database }])
    await store.close()
  })
}
