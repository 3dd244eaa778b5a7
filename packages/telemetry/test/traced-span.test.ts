/** tracedSpan: the work's result and error are the work's own, and the span tells what became of it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SpanKind, trace } from '@opentelemetry/api'
import { tracedSpan } from '../src/traced-span.ts'
import { traced } from './support/traced.ts'

const fails = (error: unknown) => (): never => {
  throw error
}

test('synchronous work stays synchronous', async () => {
  const { named } = await traced(() => {
    const result: number = tracedSpan('sync', { tenant_id: 't', n: 1 }, (span) => {
      assert.equal(trace.getActiveSpan(), span)
      return 42
    })
    assert.equal(result, 42)
  })
  assert.deepEqual(named('sync').attributes, { tenant_id: 't', n: 1n })
  assert.deepEqual(named('sync').status, { code: 0, message: '' })
})

test('asynchronous work ends its span when it settles, with the result it gave', async () => {
  const { named } = await traced(async () => {
    const promise: Promise<string> = tracedSpan('outer', async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      await tracedSpan('inner', () => new Promise((resolve) => setTimeout(resolve, 5)))
      return 'done'
    })
    assert.equal(await promise, 'done')
  })
  assert.equal(named('inner').parentSpanId, named('outer').spanId)
  assert.ok(named('outer').start < named('inner').start && named('inner').end <= named('outer').end)
  assert.ok(named('inner').start < named('inner').end)
})

test('takes a name and work; attributes too; options as well', async () => {
  const link = { context: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 } }
  const { named } = await traced(() => {
    tracedSpan('one', () => {})
    tracedSpan('two', { a: 1 }, () => {})
    tracedSpan('three', { a: 1 }, { kind: SpanKind.PRODUCER, links: [link] }, () => {})
  })
  assert.deepEqual(named('one').attributes, {})
  assert.deepEqual(named('two').attributes, { a: 1n })
  assert.equal(named('three').kind, 4)
  assert.equal(named('three').links.length, 1)
  assert.equal(named('three').scope.name, '@rustok/telemetry')
})

suite('a failure', () => {
  const error = new RangeError('too far')

  test('is thrown on unchanged and told by the span, now or later', async () => {
    const { named } = await traced(async () => {
      assert.throws(
        () => tracedSpan('sync', fails(error)),
        (thrown) => thrown === error,
      )
      await assert.rejects(
        tracedSpan('async', async () => fails(error)()),
        (thrown) => thrown === error,
      )
    })
    for (const name of ['sync', 'async']) {
      const { status, attributes, events } = named(name)
      assert.deepEqual(status, { code: 2, message: 'too far' })
      assert.deepEqual(attributes, { 'error.type': 'RangeError' })
      assert.equal(events[0]!.name, 'exception')
      assert.equal(events[0]!.attributes['exception.stacktrace'], error.stack)
    }
  })

  const hostile = Object.defineProperty(new Error(), 'message', {
    get() {
      throw new Error('message')
    },
  })
  const strange: [string, unknown][] = [
    ['a text', 'just text'],
    ['undefined', undefined],
    ['null', null],
    ['a symbol', Symbol('s')],
    ['an object without a prototype', Object.create(null)],
    ['an error whose message throws', hostile],
    ['a revoked proxy', Proxy.revocable({}, {})],
  ]
  for (const [what, thrown] of strange) {
    test(`that throws ${what} throws the same on, and the span tells of an error`, async () => {
      if (what === 'a revoked proxy') (thrown as { revoke(): void }).revoke()
      const value = what === 'a revoked proxy' ? (thrown as { proxy: unknown }).proxy : thrown
      const { spans } = await traced(async () => {
        let caught: unknown = 'nothing'
        try {
          tracedSpan('s', fails(value))
        } catch (error) {
          caught = error
        }
        assert.ok(Object.is(caught, value))
        await tracedSpan('s', () => Promise.reject(value)).then(
          () => assert.fail('was rejected'),
          (error) => assert.ok(Object.is(error, value)),
        )
      })
      assert.deepEqual(
        spans.map(({ status }) => status.code),
        [2, 2],
      )
    })
  }
})

test('a thenable is waited for like a promise', async () => {
  const { named } = await traced(async () => {
    const work = new Promise<number>((resolve) =>
      setTimeout(() => {
        tracedSpan('meanwhile', () => {})
        resolve(7)
      }, 5),
    )
    const query = Object.defineProperty({}, 'then', { value: work.then.bind(work) }) as PromiseLike<number>
    assert.equal(await tracedSpan('s', () => query), 7)
  })
  assert.ok(named('s').end >= named('meanwhile').end)
})

test('a result whose then throws when it is read ends the span and is the result', async () => {
  const result = Object.defineProperty({}, 'then', {
    get() {
      throw new Error('no')
    },
  })
  const { spans } = await traced(() => {
    assert.equal(
      tracedSpan('s', () => result),
      result,
    )
  })
  assert.equal(spans.length, 1)
})

test('the status that the work sets itself stays when it succeeds', async () => {
  const { named } = await traced(() =>
    tracedSpan('s', (span) => span.setStatus({ code: 2, message: 'partly' })),
  )
  assert.deepEqual(named('s').status, { code: 2, message: 'partly' })
})

test('without tracing the work runs all the same', async () => {
  assert.equal(
    tracedSpan('s', { a: 1 }, () => 1),
    1,
  )
  assert.equal(await tracedSpan('s', async () => 2), 2)
  assert.throws(() => tracedSpan('s', fails(new Error('x'))), /x/)
})
