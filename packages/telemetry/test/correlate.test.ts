/** correlate: tenant and user on every span below, on those that are open above, and in the log lines. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { correlate, currentTraceId, logFields } from '../src/correlate.ts'
import { tracedSpan } from '../src/traced-span.ts'
import { traced } from './support/traced.ts'

const tracer = () => trace.getTracer('correlate')
const acme = { tenant_id: 'acme', user_id: 'ann' }

test('every span below carries tenant and user: ours, nested, asynchronous, of any library on the API', async () => {
  const { spans } = await traced(async () => {
    await correlate({ tenantId: 'acme', userId: 'ann' }, async () => {
      tracer().startSpan('root below').end()
      await tracedSpan('async', async () => {
        await new Promise((resolve) => setTimeout(resolve, 1))
        trace.getTracer('some-library').startActiveSpan('theirs', (span) => {
          tracer().startSpan('below theirs').end()
          span.end()
        })
      })
    })
    tracer().startSpan('outside').end()
  })
  for (const { name, attributes } of spans) {
    assert.deepEqual(attributes, name === 'outside' ? {} : acme, name)
  }
  assert.equal(spans.length, 5)
})

test('the active span and the first span of the process get them too, what lies between does not', async () => {
  const { named } = await traced(() => {
    tracedSpan('request', () => {
      tracedSpan('router', () => {
        tracedSpan('handler', () => {
          correlate({ tenantId: 'acme', userId: 'ann' }, () => tracedSpan('query', () => {}))
        })
      })
      tracedSpan('beside', () => {})
    })
  })
  assert.deepEqual(named('request').attributes, acme)
  assert.deepEqual(named('handler').attributes, acme)
  assert.deepEqual(named('query').attributes, acme)
  assert.deepEqual(named('router').attributes, {})
})

test('the first span gets them even when a span between has ended', async () => {
  const { named } = await traced(() => {
    tracedSpan('request', () => {
      const between = tracer().startSpan('between')
      between.end()
      tracer().startActiveSpan('handler', {}, trace.setSpan(ROOT_CONTEXT, between), (handler) => {
        correlate({ tenantId: 'acme' }, () => {})
        handler.end()
      })
    })
  })
  assert.deepEqual(named('request').attributes, { tenant_id: 'acme' })
})

test('a span started below in a context of its own making carries what its parent carries', async () => {
  const { named } = await traced(() => {
    const parent = correlate({ tenantId: 'acme' }, () => tracer().startSpan('parent'))
    tracer().startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent)).end()
    parent.end()
  })
  assert.deepEqual(named('child').attributes, { tenant_id: 'acme' })
})

suite('nested', () => {
  test('what is left out is inherited, what is given replaces', async () => {
    const { named } = await traced(() => {
      correlate({ tenantId: 'acme' }, () => {
        correlate({ userId: 'ann' }, () => tracedSpan('both', () => {}))
        correlate({ tenantId: 'other' }, () => tracedSpan('replaced', () => {}))
        tracedSpan('tenant alone', () => {})
      })
    })
    assert.deepEqual(named('both').attributes, acme)
    assert.deepEqual(named('replaced').attributes, { tenant_id: 'other' })
    assert.deepEqual(named('tenant alone').attributes, { tenant_id: 'acme' })
  })

  test('requests side by side keep their own', async () => {
    const { spans } = await traced(() =>
      Promise.all(
        ['a', 'b', 'c'].map((tenantId) =>
          correlate({ tenantId }, async () => {
            await new Promise((resolve) => setTimeout(resolve, 1))
            tracedSpan(tenantId, () => {})
          }),
        ),
      ),
    )
    for (const { name, attributes } of spans) assert.equal(attributes.tenant_id, name)
  })
})

suite('explicit attributes', () => {
  test('win, before and after, each for itself', async () => {
    const { named } = await traced(() => {
      correlate({ tenantId: 'acme', userId: 'ann' }, () => {
        tracedSpan('at the start', { tenant_id: 'mine' }, () => {})
        tracedSpan('later', (span) => void span.setAttribute('user_id', 'me'))
      })
      tracedSpan('before', { tenant_id: 'mine' }, () =>
        correlate({ tenantId: 'acme', userId: 'ann' }, () => {}),
      )
      tracedSpan('both ways', (span) => {
        correlate({ tenantId: 'a', userId: 'b' }, () => {})
        span.setAttribute('user_id', 'me')
        correlate({ tenantId: 'acme', userId: 'ann' }, () => {})
      })
    })
    assert.deepEqual(named('at the start').attributes, { tenant_id: 'mine', user_id: 'ann' })
    assert.deepEqual(named('later').attributes, { tenant_id: 'acme', user_id: 'me' })
    assert.deepEqual(named('before').attributes, { tenant_id: 'mine', user_id: 'ann' })
    assert.deepEqual(named('both ways').attributes, { tenant_id: 'acme', user_id: 'me' })
  })
})

suite('awkward ids', () => {
  test('numbers become text; nothing stays nothing; an empty text is a value', async () => {
    const { named } = await traced(() => {
      correlate({ tenantId: 7 as unknown as string }, () => tracedSpan('number', () => {}))
      correlate({}, () => tracedSpan('nothing', () => {}))
      correlate({ tenantId: null as unknown as string }, () => tracedSpan('null', () => {}))
      correlate({ tenantId: '' }, () => tracedSpan('empty', () => {}))
    })
    assert.deepEqual(named('number').attributes, { tenant_id: '7' })
    assert.deepEqual(named('nothing').attributes, {})
    assert.deepEqual(named('null').attributes, {})
    assert.deepEqual(named('empty').attributes, { tenant_id: '' })
  })

  test('whatever characters they hold, two tenants are never taken for one', async () => {
    const pairs = [
      { tenantId: 'a', userId: 'b\0' },
      { tenantId: 'a\0ub' },
      { tenantId: 'a\0', userId: 'b' },
      { tenantId: '', userId: 'x' },
      { tenantId: '\0ux' },
    ]
    const { spans } = await traced(() => {
      for (const fields of pairs) correlate(fields, () => tracedSpan('s', () => {}))
    })
    assert.deepEqual(
      spans.map(({ attributes }) => [attributes.tenant_id, attributes.user_id]),
      pairs.map(({ tenantId, userId }) => [tenantId, userId]),
    )
  })

  test('huge ids, lone surrogates and values that throw cost nothing but themselves', async () => {
    const hostile = {
      toString() {
        throw new Error('no')
      },
    }
    const { named } = await traced(() => {
      correlate({ tenantId: 'x'.repeat(100_000_000) }, () => tracedSpan('huge', () => {}))
      correlate({ tenantId: '\ud800' }, () => tracedSpan('lone', () => {}))
      correlate({ tenantId: 'acme', userId: hostile as unknown as string }, () =>
        tracedSpan('throws', () => {}),
      )
    })
    assert.ok(String(named('huge').attributes.tenant_id).length <= 1_048_576)
    assert.equal(named('lone').attributes.tenant_id, '\ufffd')
    assert.equal(named('throws').attributes.tenant_id, 'acme')
  })

  test('a hundred thousand users do not pile up, and each gets its own', async () => {
    const { spans } = await traced(() => {
      for (let i = 0; i < 100_000; i++) {
        correlate({ tenantId: 't', userId: `u${i}` }, () => {
          if (i % 10_000 === 0) tracedSpan(`s${i}`, () => {})
        })
      }
    })
    for (const { name, attributes } of spans) assert.equal(attributes.user_id, `u${name.slice(1)}`)
  })
})

suite('log fields', () => {
  test('name the trace, the span, the tenant and the user', async () => {
    await traced(() => {
      assert.deepEqual(logFields(), {})
      assert.equal(currentTraceId(), undefined)
      correlate({ tenantId: 'acme' }, () => {
        assert.deepEqual(logFields(), { tenant_id: 'acme' })
        tracedSpan('s', (span) => {
          const { traceId, spanId } = span.spanContext()
          assert.deepEqual(logFields(), { trace_id: traceId, span_id: spanId, tenant_id: 'acme' })
          assert.equal(currentTraceId(), traceId)
        })
      })
    })
  })

  test('are there in a trace that is not sampled', async () => {
    await traced(
      () => {
        correlate({ tenantId: 'acme', userId: 'ann' }, () => {
          tracedSpan('s', (span) => {
            const { trace_id, tenant_id, user_id } = logFields()
            assert.deepEqual([trace_id, tenant_id, user_id], [span.spanContext().traceId, 'acme', 'ann'])
          })
        })
      },
      { config: { samplingRate: 0 } },
    )
  })

  test('hold no ids of zeros while tracing is suppressed outside of a trace', async () => {
    const { suppressTracing } = await import('@opentelemetry/core')
    const { context } = await import('@opentelemetry/api')
    await traced(() => {
      context.with(suppressTracing(ROOT_CONTEXT), () => {
        tracer().startActiveSpan('s', () => {
          assert.deepEqual(logFields(), {})
          assert.equal(currentTraceId(), undefined)
        })
      })
    })
  })

  test('work without tracing', () => {
    assert.deepEqual(logFields(), {})
    assert.equal(
      correlate({ tenantId: 'acme' }, () => logFields().tenant_id),
      'acme',
    )
  })
})
