/**
 * Processes that lack something: file descriptors, permissions of Node's permission model, somebody who reads standard error. Their spans wait, or
 * are counted as lost, and the application ends as it would have ended.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { startCollector } from '../support/collector.ts'
import { startHttpCollector } from '../support/http-collector.ts'
import { balanced } from '../support/pipeline.ts'
import { run } from '../support/run.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}.ts`, import.meta.url))
const nobody = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }
/** The shell sets the limit, and becomes Node. */
const limited = (limit: string, args: readonly string[]) =>
  ['-c', `ulimit ${limit} && exec "$0" "$@"`, process.execPath, ...args] as const

suite('a process without file descriptors left', { concurrency: 3 }, () => {
  for (const protocol of ['grpc', 'http/protobuf'] as const) {
    test(`keeps its spans until it may connect again (${protocol})`, async (t) => {
      const collector = await (protocol === 'grpc' ? startCollector() : startHttpCollector())
      t.after(collector.stop)
      const { code, stdout, stderr } = await run(limited('-n 64', [fixture('short-of-descriptors')]), {
        execPath: '/bin/sh',
        env: {
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.endpoint,
        },
        during: (child) => {
          child.on('message', () => {
            // Once it has been told that it cannot connect.
            child.stderr!.on('data', () => child.send('release', () => {}))
          })
        },
      })
      assert.equal(code, 0, stderr)
      assert.match(stderr, /cannot reach .*EMFILE/)
      const ledger = balanced(JSON.parse(stdout) as LedgerSnapshot)
      assert.deepEqual([ledger.created, ledger.exported], [700, 700])
      assert.equal(collector.spans().length, 700)
    })
  }

  test('that exits ends with its own code, within its time, and says what is lost', async (t) => {
    const collector = await startCollector()
    t.after(collector.stop)
    const { code, stderr } = await run(limited('-n 64', [fixture('short-of-descriptors'), 'exit']), {
      execPath: '/bin/sh',
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, RUSTOK_EXIT_TIMEOUT: '500' },
    })
    assert.equal(code, 3, stderr)
    assert.match(stderr, /of 700 spans, these were lost: 700/)
  })
})

suite('a process that may neither connect nor start threads (--permission)', { concurrency: 3 }, () => {
  for (const protocol of ['grpc', 'http/protobuf']) {
    test(`runs, ends with its own code, and says what is lost (${protocol})`, async () => {
      const { code, stderr } = await run(
        ['--permission', '--allow-fs-read=*', fixture('ending'), 'exit', '500'],
        // The compile cache would have to be written.
        { env: { ...nobody, OTEL_EXPORTER_OTLP_PROTOCOL: protocol, NODE_COMPILE_CACHE: '' } },
      )
      assert.equal(code, 3, stderr)
      assert.match(stderr, /of 700 spans, these were lost: 700/)
    })
  }
})

suite('a process whose standard error nobody reads', { concurrency: 3 }, () => {
  const deaf = (child: ChildProcess) => void child.stderr!.destroy()

  test('exits with its own code though there is something to say', async () => {
    const { code, signal } = await run([fixture('ending'), 'exit', '300'], { env: nobody, during: deaf })
    assert.deepEqual([code, signal], [3, null])
  })

  test('ends by the signal that it got', async () => {
    const { code, signal } = await run([fixture('ending'), 'waits', '300'], {
      env: nobody,
      during: (child) => {
        deaf(child)
        child.stdout!.once('data', () => child.kill('SIGTERM'))
      },
    })
    assert.deepEqual([code, signal], [null, 'SIGTERM'])
  })

  test('goes on after it has failed to say that the collector is away', async (t) => {
    const collector = await startCollector((attempt) => (attempt === 1 ? { code: 14 } : {}))
    t.after(collector.stop)
    const { code, stdout } = await run([fixture('blocked-loop'), '0'], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
      during: deaf,
    })
    assert.equal(code, 0)
    assert.equal(balanced(JSON.parse(stdout) as LedgerSnapshot).exported, 2049)
  })
})
