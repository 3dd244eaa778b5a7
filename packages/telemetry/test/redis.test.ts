/** ioredis and node-redis against a real Redis: commands, transactions, pipelines, errors, and what is not recorded. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { trace } from '@opentelemetry/api'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { redisText } from '../src/instrument/redis-text.ts'
import { tracedSpan } from '../src/traced-span.ts'
import { type DatabaseServer, startRedis } from './support/database-servers.ts'
import type { ReceivedSpan } from './support/decode.ts'
import { type TracedOptions, traced } from './support/traced.ts'

let server: DatabaseServer
before(async () => {
  server = await startRedis()
})
after(() => server.stop())

const names = (spans: readonly ReceivedSpan[]) => spans.map(({ name }) => name)

suite('ioredis', () => {
  /** What arrives of work with a client that has connected before. */
  async function working(work: (redis: Redis) => unknown, options: TracedOptions = {}) {
    const redis = new Redis({ port: server.port, host: '127.0.0.1', db: 3 })
    await redis.ping()
    try {
      return await traced(() => work(redis), options)
    } finally {
      redis.disconnect()
    }
  }

  test('a command is a client span with the attributes of the conventions', async () => {
    const { spans } = await working((redis) => redis.set('greeting', 'hunter2'))
    assert.equal(spans.length, 1)
    const { name, kind, status, attributes } = spans[0]!
    assert.deepEqual([name, kind, status], ['SET', 3, { code: 0, message: '' }])
    assert.deepEqual(attributes, {
      'db.system.name': 'redis',
      'db.namespace': '3',
      'db.operation.name': 'SET',
      'db.query.text': 'SET greeting ?',
      'server.address': '127.0.0.1',
      'server.port': BigInt(server.port),
    })
  })

  test('is below the active span, which stays active afterwards', async () => {
    const { named } = await working((redis) =>
      tracedSpan('outer', async (outer) => {
        await redis.get('greeting')
        assert.equal(trace.getActiveSpan(), outer)
      }),
    )
    assert.equal(named('GET').parentSpanId, named('outer').spanId)
  })

  test('a transaction is one span with its size', async () => {
    const { spans } = await working((redis) => redis.multi().set('a', '1').incr('a').get('a').exec())
    assert.deepEqual(names(spans), ['MULTI'])
    assert.equal(spans[0]!.attributes['db.operation.name'], 'MULTI')
    assert.equal(spans[0]!.attributes['db.operation.batch.size'], 3n)
  })

  test('the commands of a pipeline are each a span', async () => {
    const { spans } = await working((redis) => redis.pipeline().set('a', '1').get('a').exec())
    assert.deepEqual(names(spans), ['SET', 'GET'])
  })

  test('an error has the first word of the answer as its code', async () => {
    const { spans } = await working(async (redis) => {
      await redis.set('text', 'x')
      await assert.rejects(redis.lpush('text', 'y'))
    })
    const failed = spans.find(({ name }) => name === 'LPUSH')!
    assert.equal(failed.status.code, 2)
    assert.match(failed.status.message, /^WRONGTYPE /)
    assert.equal(failed.attributes['db.response.status_code'], 'WRONGTYPE')
    assert.equal(failed.attributes['error.type'], 'WRONGTYPE')
  })

  test('a connection that ends fails what waits for an answer', async () => {
    const { named } = await working(async (redis) => {
      const waiting = redis.blpop('nothing', 30)
      await new Promise((resolve) => setTimeout(resolve, 20))
      redis.disconnect()
      await assert.rejects(waiting)
    })
    assert.equal(named('BLPOP').status.code, 2)
    assert.equal(named('BLPOP').attributes['db.response.status_code'], undefined)
  })

  test('without ioredis it is left alone', async () => {
    const { spans } = await working((redis) => redis.get('a'), { without: ['ioredis'] })
    assert.deepEqual(spans, [])
  })
})

suite('node-redis', () => {
  async function connecting() {
    return createClient({ socket: { port: server.port, host: '127.0.0.1' }, database: 2 })
      .on('error', () => {})
      .connect()
  }

  async function working(
    work: (redis: Awaited<ReturnType<typeof connecting>>) => unknown,
    options: TracedOptions = {},
  ) {
    const redis = await connecting()
    try {
      return await traced(() => work(redis), options)
    } finally {
      redis.destroy()
    }
  }

  test('a command is a client span with the attributes of the conventions', async () => {
    const { spans } = await working((redis) => redis.set('greeting', 'hunter2'))
    assert.equal(spans.length, 1)
    const { name, kind, status, attributes } = spans[0]!
    assert.deepEqual([name, kind, status], ['SET', 3, { code: 0, message: '' }])
    assert.deepEqual(attributes, {
      'db.system.name': 'redis',
      'db.namespace': '2',
      'db.operation.name': 'SET',
      'db.query.text': 'SET greeting ?',
      'server.address': '127.0.0.1',
      'server.port': BigInt(server.port),
    })
  })

  test('transactions and pipelines are one span each, with their size', async () => {
    const { spans } = await working(async (redis) => {
      await redis.multi().set('a', '1').incr('a').exec()
      await redis.multi().set('a', '1').get('a').get('b').execAsPipeline()
    })
    assert.deepEqual(
      spans.map(({ name, attributes }) => [name, attributes['db.operation.batch.size']]),
      [
        ['MULTI', 2n],
        ['PIPELINE', 3n],
      ],
    )
  })

  test('what follows a transaction is no part of it', async () => {
    const { spans, named } = await working((redis) =>
      tracedSpan('outer', async () => {
        await redis.multi().set('a', '1').exec()
        await redis.get('a')
      }),
    )
    assert.deepEqual(names(spans), ['MULTI', 'GET', 'outer'])
    assert.equal(named('MULTI').attributes['db.operation.batch.size'], undefined)
    assert.equal(named('GET').parentSpanId, named('outer').spanId)
  })

  test('an error has the first word of the answer as its code', async () => {
    const { named } = await working(async (redis) => {
      await redis.set('text', 'x')
      await assert.rejects(redis.lPush('text', 'y'))
    })
    assert.equal(named('LPUSH').attributes['db.response.status_code'], 'WRONGTYPE')
    assert.equal(named('LPUSH').status.code, 2)
  })

  test('without redis it is left alone', async () => {
    const { spans } = await working((redis) => redis.get('a'), { without: ['redis'] })
    assert.deepEqual(spans, [])
  })
})

suite('the text of a command', () => {
  for (const [command, args, text] of [
    ['MGET', ['a', 'b'], 'MGET a b'],
    ['AUTH', ['hunter2'], 'AUTH ?'],
    ['CONFIG', ['SET', 'requirepass', 'hunter2'], 'CONFIG SET ? ?'],
    ['ACL', ['SETUSER', 'ann', '>hunter2'], 'ACL SETUSER ? ?'],
    ['EVAL', ['return "hunter2"', '0'], 'EVAL ? ?'],
    ['GETSET', ['key', 'hunter2'], 'GETSET key ?'],
    ['PING', [], 'PING'],
  ] as const) {
    test(`${command} shows keys and subcommands alone`, () => {
      assert.equal(redisText(command, args), text)
    })
  }

  test('of a thousand keys is cut', () => {
    const text = redisText('MGET', Array(1000).fill('some-key'))
    assert.ok(text.length <= 513)
    assert.ok(text.endsWith('…'))
  })
})
