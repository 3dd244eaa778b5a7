/** traced: a function stays what it was, and each of its calls is a span. As a decorator: published/published.test.ts. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SpanKind, trace } from '@opentelemetry/api'
import { correlate, tracedSpan, traced as wrap } from '../src/index.ts'
import { traced } from './support/traced.ts'

const activeId = () => trace.getActiveSpan()?.spanContext().spanId

suite('a wrapped function', () => {
  test('keeps its name, length, this, arguments and result', async () => {
    const price = wrap(function price(this: { readonly rate: number }, amount: number, _unit: string) {
      return amount * this.rate
    })
    const { named } = await traced(() => {
      const result: number = price.call({ rate: 3 }, 2, 'EUR')
      assert.equal(result, 6)
    })
    assert.deepEqual([price.name, price.length], ['price', 2])
    assert.equal(named('price').kind, 1)
  })

  test('is named as told; attributes are fixed, or told from the arguments', async () => {
    const one = wrap('fetch user', (id: number) => id)
    const two = wrap('charge', { kind: SpanKind.CLIENT, attributes: { 'peer.name': 'bank' } }, () => 'ok')
    const three = wrap(
      'list',
      { attributes: (first: number, unit: string) => ({ first, unit }) },
      (first: number, unit: string) => `${first}${unit}`,
    )
    const { named } = await traced(() => [one(1), two(), three(5, 'x')])
    assert.deepEqual(named('fetch user').attributes, {})
    assert.equal(named('charge').kind, 3)
    assert.deepEqual(named('charge').attributes, { 'peer.name': 'bank' })
    assert.deepEqual(named('list').attributes, { first: 5n, unit: 'x' })
  })

  test('without a name is anonymous', async () => {
    const { spans } = await traced(() => wrap(() => {})())
    assert.deepEqual(
      spans.map(({ name }) => name),
      ['anonymous'],
    )
  })

  test('each call is a span, its work below it', async () => {
    const inner = wrap('inner', () => activeId())
    const outer = wrap('outer', async () => {
      await new Promise((resolve) => setTimeout(resolve, 2))
      return [activeId(), inner()]
    })
    const { spans } = await traced(async () => {
      const results = await Promise.all([outer(), outer()])
      assert.equal(new Set(results.flat()).size, 4)
    })
    const outers = spans.filter(({ name }) => name === 'outer').map(({ spanId }) => spanId)
    const parents = spans.filter(({ name }) => name === 'inner').map(({ parentSpanId }) => parentSpanId)
    assert.deepEqual(parents.sort(), outers.sort())
    for (const { start, end } of spans.filter(({ name }) => name === 'outer'))
      assert.ok(end - start >= 1_000_000n)
  })

  test('throws and rejects with the very same error, and the span says so', async () => {
    const error = new RangeError('too far')
    const { named } = await traced(async () => {
      assert.throws(
        wrap('sync', () => {
          throw error
        }),
        (thrown) => thrown === error,
      )
      await assert.rejects(
        wrap('async', async () => {
          throw error
        }),
        (thrown) => thrown === error,
      )
    })
    for (const name of ['sync', 'async']) {
      assert.deepEqual(named(name).status, { code: 2, message: 'too far' })
      assert.equal(named(name).attributes['error.type'], 'RangeError')
    }
  })

  test('attributes that cannot be told cost the span its attributes, not the application its call', async () => {
    const work = wrap(
      'work',
      {
        attributes: () => {
          throw new Error('no')
        },
      },
      () => 42,
    )
    const { named } = await traced(() => assert.equal(work(), 42))
    assert.deepEqual(named('work').attributes, {})
  })

  test('what is no function is refused where it is wrapped', () => {
    // @ts-expect-error: a number is no function.
    assert.throws(() => wrap(5), TypeError)
    // @ts-expect-error: nor is nothing.
    assert.throws(() => wrap(undefined), TypeError)
  })
})

suite('a generator function', () => {
  const steps = wrap(function* steps(n: number): Generator<number, string, string | undefined> {
    for (let i = 0; i < n; i++) {
      const said = yield tracedSpan('step', () => i)
      if (said !== undefined) return said
    }
    return 'end'
  })

  test('spans its iteration, and is active inside it alone', async () => {
    const { named, spans } = await traced(() => {
      const seen: unknown[] = []
      for (const value of steps(3)) seen.push(value, activeId())
      assert.deepEqual(seen, [0, undefined, 1, undefined, 2, undefined])
    })
    const inside = spans.filter(({ name }) => name === 'step')
    assert.equal(inside.length, 3)
    assert.ok(inside.every(({ parentSpanId }) => parentSpanId === named('steps').spanId))
    assert.ok(inside.every(({ end }) => end <= named('steps').end))
  })

  test('passes on what is sent in and what is returned', async () => {
    await traced(() => {
      const generator = steps(3)
      assert.deepEqual(generator.next(), { value: 0, done: false })
      assert.deepEqual(generator.next('stop'), { value: 'stop', done: true })
      assert.deepEqual(generator.next(), { value: undefined, done: true })
    })
  })

  test('ends when a loop leaves it, and its finally runs inside', async () => {
    let cleanedIn: string | undefined
    const cleaning = wrap(function* cleaning() {
      try {
        yield 1
        yield 2
      } finally {
        cleanedIn = activeId()
      }
    })
    const { named } = await traced(() => {
      for (const _ of cleaning()) break
    })
    assert.equal(named('cleaning').spanId, cleanedIn)
    assert.equal(named('cleaning').status.code, 0)
  })

  test('what it throws, and what is thrown into it, is recorded and thrown on', async () => {
    const error = new Error('thrown in')
    const { named, spans } = await traced(() => {
      const generator = steps(2)
      generator.next()
      assert.throws(
        () => generator.throw(error),
        (thrown) => thrown === error,
      )
    })
    assert.equal(named('steps').status.message, 'thrown in')
    assert.equal(spans.filter(({ name }) => name === 'steps').length, 1)
  })

  test('makes no span when it is never begun', async () => {
    const { spans } = await traced(() => {
      steps(1)
      steps(1).return('x')
      assert.throws(() => steps(1).throw(new Error('x')))
    })
    assert.deepEqual(spans, [])
  })

  test('belongs to where it was called, wherever it is iterated', async () => {
    const { named } = await traced(() => {
      const generator = tracedSpan('caller', () => steps(1))
      tracedSpan('consumer', () => [...generator])
    })
    assert.equal(named('steps').parentSpanId, named('caller').spanId)
  })

  test('is a generator still', async () => {
    await traced(() => {
      const generator = steps(4)
      assert.equal(Object.prototype.toString.call(generator), '[object Generator]')
      assert.equal(generator[Symbol.iterator](), generator)
      assert.deepEqual(generator.map((n) => n * 2).toArray(), [0, 2, 4, 6])
    })
  })
})

suite('an async generator function', () => {
  const pages = wrap('pages', async function* pages(n: number) {
    for (let i = 0; i < n; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (i === 3) throw new Error('page 3')
      yield tracedSpan('page', () => i)
    }
  })

  test('spans its iteration', async () => {
    const { named, spans } = await traced(async () => {
      const seen: number[] = []
      for await (const page of pages(3)) seen.push(page)
      assert.deepEqual(seen, [0, 1, 2])
    })
    const inside = spans.filter(({ name }) => name === 'page')
    assert.equal(inside.length, 3)
    assert.ok(inside.every(({ parentSpanId }) => parentSpanId === named('pages').spanId))
    assert.ok(named('pages').end - named('pages').start >= 2_000_000n)
  })

  test('ends with the error that it throws', async () => {
    const { named } = await traced(() =>
      assert.rejects(async () => {
        for await (const _ of pages(5));
      }, /page 3/),
    )
    assert.deepEqual(named('pages').status, { code: 2, message: 'page 3' })
  })

  test('ends when a loop leaves it', async () => {
    const { named } = await traced(async () => {
      for await (const _ of pages(3)) break
    })
    assert.equal(named('pages').status.code, 0)
  })
})

test('tenant and user are on the spans of wrapped functions', async () => {
  const work = wrap('work', () => {})
  const { named } = await traced(() => correlate({ tenantId: 'acme' }, work))
  assert.equal(named('work').attributes.tenant_id, 'acme')
})
