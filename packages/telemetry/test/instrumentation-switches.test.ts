/** Which instrumentation runs, and which requests it leaves out, by configuration. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { suite, test } from 'node:test'
import { trace } from '@opentelemetry/api'
import { OtelConfig } from '../src/config.ts'
import { instrumentationNames } from '../src/instrument/names.ts'
import { tracedSpan } from '../src/traced-span.ts'
import { openRaw } from './support/raw-http.ts'
import { get, line, listen, ok, serving } from './support/serving.ts'
import { traced } from './support/traced.ts'

const read = (env: Record<string, string>) => OtelConfig.fromEnv(env)

suite('OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_NODE_DISABLED_INSTRUMENTATIONS', () => {
  test('are lists of names, in any case', () => {
    const { enabledInstrumentations, disabledInstrumentations, warnings } = read({
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: ' HTTP, graphql ,,undici',
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pino',
    })
    assert.deepEqual(enabledInstrumentations, ['http', 'graphql', 'undici'])
    assert.deepEqual(disabledInstrumentations, ['pino'])
    assert.deepEqual(warnings, [])
  })

  test('without a value mean all', () => {
    for (const nothing of ['', ' ', ',']) {
      const config = read({
        OTEL_NODE_ENABLED_INSTRUMENTATIONS: nothing,
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: nothing,
      })
      assert.equal(config.enabledInstrumentations, undefined)
      assert.deepEqual(config.disabledInstrumentations, [])
      assert.deepEqual(config.warnings, [])
    }
  })

  test('warn about names that mean nothing here', () => {
    const { disabledInstrumentations, warnings } = read({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fs,mysql2' })
    assert.deepEqual(disabledInstrumentations, ['mysql2'])
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]!, /OTEL_NODE_DISABLED_INSTRUMENTATIONS names 'fs'/)
  })

  const fetching = async (config: Partial<OtelConfig>) => {
    const { spans } = await traced(async () => get(await listen(ok)), { config })
    return spans.map(({ kind }) => kind).sort()
  }

  test('all: server and client', async () => {
    assert.deepEqual(await fetching({}), [2, 3])
  })

  test('some, and what both name is off', async () => {
    assert.deepEqual(await fetching({ enabledInstrumentations: ['undici'] }), [3])
    assert.deepEqual(await fetching({ disabledInstrumentations: ['undici'] }), [2])
    assert.deepEqual(
      await fetching({ enabledInstrumentations: ['undici', 'http'], disabledInstrumentations: ['http'] }),
      [3],
    )
  })

  test('http means server and client of Node', async () => {
    const calling = async (config: Partial<OtelConfig>) => {
      const { spans } = await traced(
        async () => {
          const port = await listen(ok)
          await new Promise<void>((resolve) => {
            request({ port, host: '127.0.0.1' }, (response) => response.resume().on('end', resolve)).end()
          })
        },
        { config },
      )
      return spans.map(({ kind }) => kind).sort()
    }
    assert.deepEqual(await calling({}), [2, 3])
    assert.deepEqual(await calling({ disabledInstrumentations: ['http'] }), [])
    assert.deepEqual(await calling({ disabledInstrumentations: ['http-client'] }), [2])
    assert.deepEqual(await calling({ enabledInstrumentations: ['http-client'] }), [3])
  })

  test('each name can be switched off', async () => {
    const { spans } = await traced(async () => get(await listen(ok)), {
      config: { disabledInstrumentations: instrumentationNames },
    })
    assert.deepEqual(spans, [])
  })
})

suite('RUSTOK_HTTP_IGNORE_PATHS', () => {
  test('is a list of paths, a star at the end for all that begins so', () => {
    const { httpIgnorePaths, warnings } = read({ RUSTOK_HTTP_IGNORE_PATHS: '/health, /assets/*' })
    assert.deepEqual(httpIgnorePaths, ['/health', '/assets/*'])
    assert.deepEqual(warnings, [])
    assert.deepEqual(read({ RUSTOK_HTTP_IGNORE_PATHS: ' ' }).httpIgnorePaths, [])
  })

  for (const bad of ['health', '/a*b', 'http://x/health', '/health?x']) {
    test(`warns about ${bad}`, () => {
      const { httpIgnorePaths, warnings } = read({ RUSTOK_HTTP_IGNORE_PATHS: `${bad},/metrics` })
      assert.deepEqual(httpIgnorePaths, ['/metrics'])
      assert.match(warnings[0]!, /RUSTOK_HTTP_IGNORE_PATHS/)
    })
  }

  const config = { httpIgnorePaths: ['/health', '/assets/*'] }

  test('leaves those requests out, and all that happens below them', async () => {
    const called: unknown[] = []
    const { spans } = await serving(
      async (incoming, response) => {
        called.push(incoming.headers.traceparent)
        tracedSpan(`work ${incoming.url}`, () => {})
        if (incoming.url === '/health') {
          await get((incoming.socket.address() as { port: number }).port, '/assets/called')
        }
        response.end('ok')
      },
      async (port) => {
        await get(port, '/health')
        await get(port, '/health?full')
        await get(port, '/assets/a/b.js')
        await get(port, '/healthy')
      },
      { config, without: [] },
    )
    assert.deepEqual(
      spans.filter(({ kind }) => kind !== 3).map(({ name, attributes }) => [name, attributes['url.path']]),
      [
        ['work /healthy', undefined],
        ['GET', '/healthy'],
      ],
    )
    // What an ignored request calls is not told of a trace that nobody records.
    assert.equal(called[1], undefined)
  })

  test('leaks nothing into the next request of the connection, nor from the last', async () => {
    const seen: unknown[] = []
    const { spans } = await serving(
      (incoming, response) => {
        seen.push([incoming.url, trace.getActiveSpan()?.spanContext().spanId])
        response.end('x')
      },
      async (port) => {
        const { exchange, socket } = await openRaw(port)
        for (const path of ['/a', '/health', '/b', '/health', '/c']) await exchange(line(path))
        socket.destroy()
      },
      { config },
    )
    assert.deepEqual(
      spans.map(({ attributes }) => attributes['url.path']),
      ['/a', '/b', '/c'],
    )
    const [a, b, c] = spans.map(({ spanId }) => spanId)
    assert.deepEqual(seen, [
      ['/a', a],
      ['/health', undefined],
      ['/b', b],
      ['/health', undefined],
      ['/c', c],
    ])
  })

  test('reads the body of an ignored request as it should', async () => {
    const { spans } = await serving(
      async (incoming, response) => {
        let length = 0
        for await (const chunk of incoming) length += chunk.length
        tracedSpan('work', () => response.end(String(length)))
      },
      async (port) =>
        assert.equal(await get(port, '/health', { method: 'POST', body: 'x'.repeat(100_000) }), '100000'),
      { config },
    )
    assert.deepEqual(spans, [])
  })
})
