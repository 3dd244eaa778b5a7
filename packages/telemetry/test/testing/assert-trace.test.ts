/** assertTrace: what it accepts, what it refuses, and how a refusal reads. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import fc from 'fast-check'
import { tracedSpan } from '../../src/index.ts'
import {
  assertTrace,
  type CapturedSpans,
  captureSpans,
  TraceAssertionError,
} from '../../src/testing/index.ts'

const request = captureSpans(() => {
  tracedSpan('GET /users/{id}', { 'http.response.status_code': 200 }, { kind: SpanKind.SERVER }, () => {
    tracedSpan(
      'SELECT users',
      { 'db.system.name': 'mysql', 'db.query.text': 'SELECT a, b FROM users' },
      { kind: SpanKind.CLIENT },
      () => {},
    )
    tracedSpan('cache.get', { hit: false, ids: [1, 2] }, (span) =>
      span.setStatus({ code: SpanStatusCode.ERROR }),
    )
  })
})

/** The message of the refusal. */
function refusal(spans: CapturedSpans, expected: Parameters<typeof assertTrace>[1]): string {
  try {
    assertTrace(spans, expected)
  } catch (error) {
    assert.ok(error instanceof TraceAssertionError)
    return error.message
  }
  throw new Error('the trace was accepted')
}

suite('accepts', () => {
  for (const [what, expected] of [
    ['names alone', 'GET /users/{id}\n  SELECT users\n  cache.get'],
    ['any order, any indentation', '\n      GET /users/{id}\n        cache.get\n        SELECT users\n   '],
    [
      'kinds, statuses and attributes',
      'GET /users/{id} [server] {http.response.status_code=200}\n  SELECT users [client] !unset\n  cache.get [internal] !error {hit=false}',
    ],
    [
      'quoted values, any value, patterns, lists',
      'GET /users/{id}\n  SELECT users {db.system.name="mysql", db.query.text~/^select .* users$/i}\n  cache.get {hit=*, ids=[1,2]}',
    ],
    [
      'a quoted value with what separates values',
      'GET /users/{id}\n  SELECT users {db.query.text="SELECT a, b FROM users", db.system.name=mysql}\n  ...',
    ],
    ['further spans where dots say so', 'GET /users/{id}\n  cache.get\n  ...'],
    ['dots alone', '...'],
    ['dots for nothing', 'GET /users/{id}\n  SELECT users\n  cache.get\n  …'],
    [
      'objects',
      {
        name: 'GET /users/{id}',
        kind: 'server',
        children: [
          { name: /^SELECT/, attributes: { 'db.system.name': 'mysql' } },
          { name: 'cache.get', status: 'error' },
        ],
      },
    ],
    [
      'a list of them, in part',
      [
        {
          name: 'GET /users/{id}',
          partial: true,
          children: [{ name: 'cache.get', attributes: { hit: (hit: unknown) => hit === false } }],
        },
      ],
    ],
  ] as const) {
    test(what, async () => assertTrace(await request, expected))
  }

  test('a general expectation beside a narrower one, whichever comes first', async () => {
    const spans = await captureSpans(() => {
      tracedSpan('s', { n: 1 }, () => {})
      tracedSpan('s', { n: 2 }, () => {})
    })
    assertTrace(spans, 's\ns {n=1}')
    assertTrace(spans, 's {n=2}\ns')
    assert.match(refusal(spans, 's {n=2}\ns {n=2}'), /s: n is 1, expected 2/)
  })

  test('nothing, when nothing is expected', async () => assertTrace(await captureSpans(() => {}), ''))
})

suite('refuses', () => {
  test('side by side, with each difference in words', async () => {
    const expected = `
      GET /users/{id} [server]
        SELECT users [client] {db.system.name=postgresql}
        publish users.read [producer]
    `
    assert.equal(
      refusal(await request, expected),
      `The trace is not the expected one: 3 spans differ

  expected                                              actual
  GET /users/{id} [server]                              GET /users/{id} [server]
≠   SELECT users [client] {db.system.name=postgresql}     SELECT users [client] {db.system.name=mysql}
−   publish users.read [producer]
+                                                         cache.get !error

  1. SELECT users: db.system.name is "mysql", expected postgresql
  2. missing below GET /users/{id}: publish users.read [producer]
  3. unexpected below GET /users/{id}: cache.get !error
`,
    )
  })

  test('another name, as one difference', async () => {
    const text = refusal(await request, 'GET /users/{id}\n  SELECT users\n  cache.put !error')
    assert.match(text, /^≠ {3}cache\.put !error {5,}cache\.get !error$/m)
    assert.match(text, /1\. cache\.get: name is "cache\.get", expected "cache\.put"/)
  })

  test('text where a number is', async () => {
    const text = refusal(await request, 'GET /users/{id} {http.response.status_code="200"}\n  ...')
    assert.match(text, /http\.response\.status_code is 200, expected "200"/)
  })

  test('an attribute that is missing', async () => {
    assert.match(
      refusal(await request, '... \nGET /users/{id} {http.route=*}\n  ...'),
      /http\.route is missing, expected \*/,
    )
  })

  test('a span below another one', async () => {
    const text = refusal(await request, 'GET /users/{id}\n  SELECT users\n    cache.get')
    assert.match(text, /missing below SELECT users: cache\.get/)
    assert.match(text, /unexpected below GET \/users\/\{id\}: cache\.get/)
  })

  test('twice what is there once', async () => {
    assert.match(
      refusal(await request, 'GET /users/{id}\n  cache.get\n  cache.get\n  SELECT users'),
      /missing below .*: cache\.get/,
    )
  })

  test('with a hint when nothing was captured, and when spans have not ended', async () => {
    assert.match(
      refusal(await captureSpans(() => {}), 'x'),
      /No span was captured: did the work run inside of captureSpans\?/,
    )
    const open = await captureSpans(() => void tracedSpan('x', () => new Promise(() => {})), { settleMs: 1 })
    assert.match(refusal(open, 'x'), /1 span has begun and not ended: only what has ended is captured/)
  })

  test('lines that are too long are cut, the words below are not', async () => {
    const long = 'x'.repeat(200)
    const spans = await captureSpans(() => tracedSpan(long, () => {}))
    const text = refusal(spans, `${long}y`)
    assert.ok(
      Math.max(
        ...text
          .split('\n')
          .slice(0, 5)
          .map((line) => line.length),
      ) < 130,
    )
    assert.ok(text.includes(`expected "${long}y"`))
  })

  test('a stack that begins at the test', async () => {
    const spans = await request
    assert.throws(
      () => assertTrace(spans, 'x'),
      ({ stack }: Error) =>
        /\n {4}at .*assert-trace\.test\.ts/.test(stack ?? '') && !stack?.includes('testing/assert-trace.ts'),
    )
  })

  test('a line that cannot be read, by its number', async () => {
    const spans = await request
    const text = 'GET /users/{id}\n  SELECT users {db.system.name=a "b"}'
    assert.throws(() => assertTrace(spans, text), {
      name: 'SyntaxError',
      message: /^line 2 of the expected trace: /,
    })
  })
})

suite('generated trees', () => {
  interface Tree {
    readonly name: string
    readonly attributes: Record<string, string | number | boolean>
    readonly children: readonly Tree[]
  }
  const value = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.integer(),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  )
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.record({
      name: fc.stringMatching(/^[a-z/:{} ]{0,12}[a-z]$/).map((name) => name.trim()),
      attributes: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), value, { maxKeys: 3 }),
      children: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie('tree'), { maxLength: 3 })),
    }),
  }))
  const make = ({ name, attributes, children }: Tree): void =>
    tracedSpan(name, attributes, () => {
      for (const child of children) make(child)
    })
  const reversed = ({ children, ...rest }: Tree): Tree => ({
    ...rest,
    children: children.map(reversed).reverse(),
  })

  test('what tree() prints is what assertTrace accepts', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (tree) => {
        const spans = await captureSpans(() => make(tree))
        assertTrace(spans, spans.tree('all'))
        assertTrace(await captureSpans(() => make(reversed(tree))), spans.tree())
      }),
      { numRuns: 200 },
    )
  })

  test('one span more or less is refused, with as many differences', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (tree) => {
        const spans = await captureSpans(() => make(tree))
        const more = {
          ...tree,
          children: [...tree.children, { name: 'one more', attributes: {}, children: [] }],
        }
        const longer = await captureSpans(() => make(more))
        assert.match(refusal(longer, spans.tree()), /1 span differs[\s\S]*unexpected below .*: one more/)
        assert.match(refusal(spans, longer.tree()), /1 span differs[\s\S]*missing below .*: one more/)
      }),
      { numRuns: 100 },
    )
  })
})
