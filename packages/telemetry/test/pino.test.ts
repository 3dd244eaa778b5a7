/** pino 10: lines carry the ids of trace and span, tenant and user, and are otherwise what they were. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { pino } from 'pino'
import { correlate, logFields } from '../src/correlate.ts'
import { tracedSpan } from '../src/traced-span.ts'
import { run } from './support/run.ts'
import { type TracedOptions, traced } from './support/traced.ts'

/** The lines that `log` writes while tracing is on. */
async function logging(
  log: (logger: pino.Logger) => unknown,
  options: pino.LoggerOptions = {},
  tracing: TracedOptions = {},
) {
  const text: string[] = []
  const logger = pino(
    { timestamp: false, base: { name: 'shop' }, ...options },
    { write: (line) => text.push(line) },
  )
  const received = await traced(() => log(logger), tracing)
  return { ...received, text, lines: text.map((line) => JSON.parse(line)) }
}

test('a line in a span has its ids, and in a correlation the tenant and the user', async () => {
  const { lines, named } = await logging((logger) =>
    correlate({ tenantId: 'acme', userId: 'ann' }, () =>
      tracedSpan('price', () => logger.info({ item: 7 }, 'pricing')),
    ),
  )
  const { traceId, spanId } = named('price')
  assert.deepEqual(lines, [
    {
      level: 30,
      name: 'shop',
      trace_id: traceId,
      span_id: spanId,
      tenant_id: 'acme',
      user_id: 'ann',
      item: 7,
      msg: 'pricing',
    },
  ])
})

test('a line outside is what it was', async () => {
  const { text } = await logging((logger) => logger.info({ a: 1 }, 'x'))
  assert.deepEqual(text, ['{"level":30,"name":"shop","a":1,"msg":"x"}\n'])
})

suite('what the application passes', () => {
  test('is not touched, also when it is frozen', async () => {
    const given = Object.freeze({ a: 1 })
    const { lines } = await logging((logger) => tracedSpan('x', () => logger.info(given)))
    assert.equal(lines[0].a, 1)
    assert.equal(typeof lines[0].trace_id, 'string')
    assert.deepEqual(Object.keys(given), ['a'])
  })

  test('keeps the ids that it has itself, from an object, a child or a mixin', async () => {
    const { text, lines } = await logging((logger) =>
      tracedSpan('x', () => {
        logger.info({ trace_id: 'mine' })
        logger.child({ trace_id: 'mine' }).info('x')
      }),
    )
    assert.deepEqual(
      lines.map(({ trace_id }) => trace_id),
      ['mine', 'mine'],
    )
    for (const line of text) assert.equal(line.match(/trace_id/g)?.length, 1)
    const mixed = await logging((logger) => tracedSpan('x', () => logger.info('x')), { mixin: logFields })
    assert.equal(mixed.text[0]!.match(/trace_id/g)?.length, 1)
  })

  test('may be nested, redacted, formatted, or an error: all else is as it would be without', async () => {
    const log = (logger: pino.Logger) =>
      tracedSpan('x', () => {
        logger.info({ password: 'hunter2', user: { email: 'ann@x' } }, 'x')
        logger.error(new RangeError('too far'))
        logger.info('%s %d', 'a', 1)
      })
    const options = {
      nestedKey: 'data',
      redact: ['user.email'],
      formatters: { level: (level: string) => ({ level }), bindings: () => ({ part: 'b' }) },
    }
    const bare = await logging(log, options, { without: ['pino'] })
    const { lines } = await logging(log, options)
    for (const line of lines) assert.equal(typeof line.trace_id, 'string')
    const withoutIds = lines.map(({ trace_id, span_id, ...line }) => line)
    const unstacked = (given: unknown) => JSON.stringify(given).replace(/"stack":"[^"]*"/g, '')
    assert.equal(unstacked(withoutIds), unstacked(bare.lines))
  })
})

test('loggers keep their bindings: children, and lines that are written while a line is made', async () => {
  const { lines, named } = await logging((logger) => {
    const child = logger.child({ part: 'a' })
    tracedSpan('outer', () => {
      child.info({
        get b() {
          logger.info('inside')
          child.info('inside too')
          return 1
        },
      })
      child.info('again')
    })
    child.info('outside')
  })
  assert.equal(lines.length, 5)
  const ids = lines.map(({ trace_id }) => trace_id)
  const { traceId } = named('outer')
  assert.deepEqual(ids, [traceId, traceId, traceId, traceId, undefined])
  assert.deepEqual(lines.at(-1), { level: 30, name: 'shop', part: 'a', msg: 'outside' })
})

test('a serializer that throws leaves the logger as it was', async () => {
  const { text } = await logging(
    (logger) => {
      tracedSpan('x', () => assert.throws(() => logger.info({ bad: 1 })))
      logger.info('after')
    },
    {
      serializers: {
        bad: () => {
          throw new Error('no')
        },
      },
    },
  )
  assert.deepEqual(text, ['{"level":30,"name":"shop","msg":"after"}\n'])
})

test('without pino lines are what they were', async () => {
  const { text } = await logging(
    (logger) => tracedSpan('x', () => logger.info('x')),
    {},
    { without: ['pino'] },
  )
  assert.deepEqual(text, ['{"level":30,"name":"shop","msg":"x"}\n'])
})

test('with --import register lines have them without a line of code', async () => {
  const register = import.meta.resolve('../src/register.ts')
  const application = `
    const { trace } = require('@opentelemetry/api')
    const logger = require('pino')()
    trace.getTracer('library').startActiveSpan('x', (span) => {
      logger.info('in a span')
      span.end()
    })`
  const { stdout, code } = await run(['--import', register, '--eval', application], {
    cwd: import.meta.dirname,
    env: {
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_LOG_LEVEL: 'none',
    },
  })
  assert.equal(code, 0)
  assert.match(stdout, /"trace_id":"[0-9a-f]{32}","span_id":"[0-9a-f]{16}","msg":"in a span"/)
})
