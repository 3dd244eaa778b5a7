/** What must not be recorded: on our spans and on those that other instrumentation makes, judged by the bytes that are sent. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type SpanAttributes, SpanStatusCode, trace } from '@opentelemetry/api'
import { TracerProvider as OfficialProvider } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { checkConfig, OtelConfig, type OtelConfigFields } from '../src/config.ts'
import { correlate } from '../src/correlate.ts'
import { initOtelLayer } from '../src/layer.ts'
import { redactText } from '../src/redact/redact-text.ts'
import { redactUrlText } from '../src/redact/redact-url.ts'
import type { RedactionRule } from '../src/redact/rules.ts'
import { isTellingAttribute, isTellingParameter } from '../src/redact/telling-names.ts'
import { tracedSpan } from '../src/traced-span.ts'
import { startCollector } from './support/collector.ts'
import type { ReceivedAttributes } from './support/decode.ts'
import { traced } from './support/traced.ts'

const token = `eyJhbGciOiJIUzI1NiJ9.${'A'.repeat(24)}.${'b'.repeat(20)}`

const attributes: [SpanAttributes, SpanAttributes][] = [
  [
    { 'url.full': 'https://a:b@host/p?token=1&page=2' },
    { 'url.full': 'https://REDACTED:REDACTED@host/p?token=REDACTED&page=2' },
  ],
  [{ 'http.url': 'http://host/#access_token=1' }, { 'http.url': 'http://host/#access_token=REDACTED' }],
  [{ 'http.target': '/callback?code=1&state=2' }, { 'http.target': '/callback?code=REDACTED&state=2' }],
  [{ 'http.target': '/products?code=1' }, { 'http.target': '/products?code=1' }],
  [{ 'url.query': 'X-Amz-Signature=1&keyword=key' }, { 'url.query': 'X-Amz-Signature=REDACTED&keyword=key' }],
  [
    { 'db.connection_string': 'postgres://u:p@h/db' },
    { 'db.connection_string': 'postgres://REDACTED:REDACTED@h/db' },
  ],
  [
    { 'http.request.header.authorization': ['Bearer abc'] },
    { 'http.request.header.authorization': ['Bearer REDACTED'] },
  ],
  [{ 'http.request.header.cookie': ['sid=1; theme=dark'] }, { 'http.request.header.cookie': ['REDACTED'] }],
  [
    { 'http.response.header.set-cookie': ['a=1', 'b=2'] },
    { 'http.response.header.set-cookie': ['REDACTED', 'REDACTED'] },
  ],
  [{ 'http.request.header.x-api-key': 'abc' }, { 'http.request.header.x-api-key': 'REDACTED' }],
  [{ 'http.request.header.accept': ['text/html'] }, { 'http.request.header.accept': ['text/html'] }],
  [
    { 'db.statement': "SELECT * FROM t WHERE a = 'x' AND b = 7" },
    { 'db.statement': 'SELECT * FROM t WHERE a = ? AND b = ?' },
  ],
  [
    { 'db.system': 'mysql', 'db.statement': 'SELECT "secret" FROM `t`' },
    { 'db.system': 'mysql', 'db.statement': 'SELECT ? FROM `t`' },
  ],
  [
    { 'db.system.name': 'mongodb', 'db.query.text': '{"find":{"name":"Ann","age":{"$gt":41}}}' },
    { 'db.system.name': 'mongodb', 'db.query.text': '{"find":{"name":"?","age":{"$gt":"?"}}}' },
  ],
  [
    { 'user.password': 'hunter2', api_key: 'k' },
    { 'user.password': 'REDACTED', api_key: 'REDACTED' },
  ],
  [
    { anything: token, 'auth.header': 'Basic dXNlcjpwYXNz' },
    { anything: 'REDACTED', 'auth.header': 'REDACTED' },
  ],
  // What only looks like it.
  [
    {
      'session.id': 's1',
      'gen_ai.usage.input_tokens': 12,
      'messaging.kafka.message.key': 'k',
      'aws.s3.key': 'a.png',
    },
    {
      'session.id': 's1',
      'gen_ai.usage.input_tokens': 12,
      'messaging.kafka.message.key': 'k',
      'aws.s3.key': 'a.png',
    },
  ],
  [
    { 'cookie.count': 3, 'http.route': '/token', name: 'eyJust a name' },
    { 'cookie.count': 3, 'http.route': '/token', name: 'eyJust a name' },
  ],
]

/** The attributes of a span that has them from its start, of one that gets them later, and of an event. */
async function recordedIn(
  given: SpanAttributes,
  config: Partial<OtelConfigFields> = {},
): Promise<readonly ReceivedAttributes[]> {
  const { named } = await traced(
    () => {
      const tracer = trace.getTracer('redaction')
      tracer.startSpan('from its start', { attributes: given }).end()
      const later = tracer.startSpan('later').setAttributes(given)
      later.addEvent('event', given).end()
    },
    { config },
  )
  const later = named('later')
  return [named('from its start').attributes, later.attributes, later.events[0]!.attributes]
}

suite('attributes', () => {
  for (const [given, recorded] of attributes) {
    test(`${Object.keys(given).join(', ')}: ${JSON.stringify(Object.values(recorded))}`, async () => {
      for (const found of await recordedIn(given)) assert.deepEqual(withoutBigints(found), recorded)
    })
  }

  test('of spans that somebody else’s SDK made pass the same rules', async () => {
    const collector = await startCollector()
    const layer = initOtelLayer(new OtelConfig({ endpoint: collector.endpoint, logLevel: 'none' }))
    const provider = new OfficialProvider({ spanProcessors: [layer] })
    const span = provider.getTracer('official').startSpan('official', { attributes: { password: 'hunter2' } })
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'no connection to redis://:hunter2@host' })
    span.end()
    await layer.shutdown()
    collector.stop()
    const [received] = collector.spans()
    assert.deepEqual(received?.attributes, { password: 'REDACTED' })
    assert.equal(received?.status.message, 'no connection to redis://REDACTED@host')
  })
})

suite('exceptions and status messages', () => {
  test('are searched for secrets in their text', async () => {
    const { spans } = await traced(() => {
      const span = trace.getTracer('redaction').startSpan('s')
      const error = new Error(`cannot reach postgres://app:hunter2@db/shop with ${token}`)
      span.recordException(error)
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
      span.end()
    })
    const text = JSON.stringify([spans[0]?.events[0]?.attributes, spans[0]?.status.message])
    assert.doesNotMatch(text, /hunter2|eyJ/)
    assert.match(text, /cannot reach postgres:\/\/REDACTED@db\/shop with REDACTED/)
  })

  for (const [text, redacted] of [
    ['GET https://h/p?api_key=1&page=2 failed', 'GET https://h/p?api_key=REDACTED&page=2 failed'],
    ['{"user":"ann","password":"x y"}', '{"user":"ann","password":"REDACTED"}'],
    ['password=hunter2; host=db', 'password=REDACTED; host=db'],
    ['sent Authorization: Bearer abcdefgh1234', 'sent Authorization: Bearer REDACTED'],
    ['Unexpected token: x in JSON at position 3', 'Unexpected token: x in JSON at position 3'],
    ['a = b, key: value, 1 == 1', 'a = b, key: value, 1 == 1'],
    ['at run (file:///app/token.js:3:7)', 'at run (file:///app/token.js:3:7)'],
  ] as const) {
    test(`${text} becomes ${redacted}`, () => assert.equal(redactText(text), redacted))
  }

  test('take a time in proportion to their length, whatever they are', () => {
    const parts = [
      'eyJ-',
      'eyJaaaaaaaaa.',
      '://',
      'a@',
      '?a=',
      'Bearer ',
      'token=',
      '"',
      "'token' : ",
      ' ',
      'a.',
    ]
    const texts = parts.map((part) => part.repeat(120_000 / part.length))
    const begin = performance.now()
    for (const text of texts) redactText(text)
    const plain = performance.now()
    for (let i = 0; i < 20; i++) texts.map((text) => text.split('&').join('&').toLowerCase().indexOf('never'))
    const yardstick = performance.now() - plain
    assert.ok(plain - begin < 100 * yardstick, `${plain - begin} ms, the yardstick ${yardstick} ms`)
  })
})

suite('URLs in any form', () => {
  test('lose their user name and password wherever they stand', () => {
    const part = fc.stringMatching(/^[a-z0-9:@.]{0,12}$/)
    fc.assert(
      fc.property(part, fc.stringMatching(/^[a-z]{1,9}$/), (before, path) => {
        const redacted = redactUrlText(`https://${before}hunter2@host/${path}`)
        assert.equal(redacted, `https://REDACTED:REDACTED@host/${path}`)
      }),
    )
  })

  test('are left as they are when there is nothing in them', () => {
    for (const url of ['/p', 'https://host/a@b', '*', 'host:443', '/p?', '/p?a=1&b#c', '//host/p', '']) {
      assert.equal(redactUrlText(url), url)
    }
  })
})

suite('names that tell', () => {
  test('of parameters', () => {
    for (const name of [
      'sig',
      'X-Amz-Security-Token',
      'accessToken',
      'auth',
      'AUTH_KEY',
      'awsaccesskeyid',
      'pwd',
    ])
      assert.ok(isTellingParameter(name), name)
    for (const name of ['design', 'keyword', 'author', 'monkey', 'page', 'assign', 'compass', 'state'])
      assert.ok(!isTellingParameter(name), name)
  })

  test('of attributes', () => {
    for (const name of [
      'password',
      'db.password',
      'api-key',
      'app.access_token',
      'token',
      'client.secret',
      'jwt',
    ])
      assert.ok(isTellingAttribute(name), name)
    for (const name of ['session.id', 'token.count', 'key', 'aws.dynamodb.key', 'enduser.id', 'tokenizer'])
      assert.ok(!isTellingAttribute(name), name)
  })
})

suite('configuration', () => {
  const secrets: SpanAttributes = { password: 'hunter2', 'user.email': 'ann@example.com', token }

  test('RUSTOK_REDACTION=false records all as it is', async () => {
    const config = OtelConfig.fromEnv({ RUSTOK_REDACTION: 'false' })
    assert.equal(config.redaction, false)
    for (const found of await recordedIn(secrets, { redaction: false })) assert.deepEqual(found, secrets)
  })

  test('RUSTOK_REDACT_ATTRIBUTES adds names, * for any characters', async () => {
    const { redactionRules, warnings } = OtelConfig.fromEnv({ RUSTOK_REDACT_ATTRIBUTES: 'user.*, a.b ,,' })
    assert.deepEqual(warnings, [])
    const given = { 'user.email': 'x', 'a.b': 'x', 'a-b': 'x', 'superuser.email': 'x' }
    const wanted = { 'user.email': 'REDACTED', 'a.b': 'REDACTED', 'a-b': 'x', 'superuser.email': 'x' }
    for (const found of await recordedIn(given, { redactionRules })) assert.deepEqual(found, wanted)
  })

  test('an added rule replaces a value, leaves an attribute out, or lets through what a built-in rule would not', async () => {
    const redactionRules: RedactionRule[] = [
      { attribute: 'password', redact: (value) => value },
      { attribute: /^user\./g, redact: () => undefined },
      { attribute: 'token', redact: (_value, name) => `a ${name}` },
    ]
    const wanted = { password: 'hunter2', token: 'a token' }
    for (const found of await recordedIn(secrets, { redactionRules })) assert.deepEqual(found, wanted)
  })

  test('a rule for the message of exceptions holds for their stacks, one for otel.status_description for that of the status', async () => {
    const redactionRules: RedactionRule[] = [
      { attribute: 'exception.message', redact: (text) => String(text).toUpperCase() },
      { attribute: 'otel.status_description', redact: (text) => `a text of ${String(text).length}` },
    ]
    const fail = () => {
      throw new Error('two\n    at lines (/x.ts:1:1)')
    }
    const { named } = await traced(() => assert.throws(() => tracedSpan('work', fail)), {
      config: { redactionRules },
    })
    const { events, status } = named('work')
    const { 'exception.message': message, 'exception.stacktrace': stack } = events[0]!.attributes
    assert.equal(message, 'TWO\n    AT LINES (/X.TS:1:1)')
    assert.ok(String(stack).startsWith(`Error: ${message}\n    at fail (`), String(stack))
    assert.equal(status.message, 'a text of 28')
  })

  test('a rule that throws lets nothing through', async () => {
    const redact = () => {
      throw new Error('a bug')
    }
    const found = await recordedIn({ a: 'secret' }, { redactionRules: [{ attribute: 'a', redact }] })
    for (const attributes of found) assert.deepEqual(attributes, { a: 'REDACTED' })
  })

  test('rules hold for tenant and user as well', async () => {
    const redactionRules = [{ attribute: 'user_id' }]
    const { spans } = await traced(
      () => correlate({ tenantId: 'redacted-tenant', userId: 'ann' }, () => tracedSpan('s', () => {})),
      { config: { redactionRules } },
    )
    assert.deepEqual(spans[0]?.attributes, { tenant_id: 'redacted-tenant', user_id: 'REDACTED' })
  })

  test('a rule that is none is refused by name', () => {
    const wrong = [{ attribute: '' }, { attribute: 'a', redact: 'x' }] as unknown as RedactionRule[]
    for (const rule of wrong) {
      const refuse = () => checkConfig(new OtelConfig({ redactionRules: [rule] }))
      assert.throws(refuse, { code: 'INVALID_CONFIG', message: /redactionRules\[0\]/ })
    }
  })
})

function withoutBigints(attributes: ReceivedAttributes): unknown {
  return JSON.parse(
    JSON.stringify(attributes, (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
  )
}
