/** OtelConfig.fromEnv: every variable, its default, and what becomes of a bad value. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Environment } from '../src/config/env-reader.ts'
import { checkConfig, OtelConfig, type OtelConfigFields } from '../src/config.ts'
import { defaultSpanLimits } from '../src/trace/span-limits.ts'
import { anyCharacter } from './support/any-character.ts'

const read = (env: Environment = {}) => OtelConfig.fromEnv(env)
const { POSITIVE_INFINITY: unlimited } = Number

const defaults: OtelConfigFields = {
  enabled: true,
  serviceName: 'rustok-server',
  serviceVersion: '0.1.0',
  resourceAttributes: { 'deployment.environment.name': 'development' },
  exporters: ['otlp'],
  protocol: 'grpc',
  endpoint: 'http://localhost:4317',
  headers: {},
  compression: 'none',
  certificate: '',
  clientKey: '',
  clientCertificate: '',
  samplingRate: 1,
  parentBased: true,
  jaegerRemote: undefined,
  tailSampling: false,
  tailSamplingRate: 0.1,
  tailSamplingSlowMs: 1000,
  tailSamplingBufferBytes: 32 * 1024 * 1024,
  tailSamplingMaxAgeMs: 30_000,
  tenantRates: {},
  tenantBudget: unlimited,
  tenantBudgets: {},
  tenantBurstSeconds: 10,
  propagators: ['tracecontext', 'baggage'],
  baggageDestinations: [],
  baggageSources: [],
  scheduleDelay: 5000,
  exportTimeout: 10_000,
  maxQueueSize: 2048,
  maxExportBatchSize: 512,
  maxBufferBytes: 64 * 1024 * 1024,
  shutdownTimeout: 5000,
  exitTimeout: 2000,
  spanMetrics: false,
  spanMetricsTenants: 50,
  metricsEndpoint: undefined,
  spoolDirectory: undefined,
  spoolMaxBytes: 2 * 1024 ** 3,
  enabledInstrumentations: undefined,
  disabledInstrumentations: [],
  httpIgnorePaths: [],
  spanLimits: defaultSpanLimits,
  redaction: true,
  redactionRules: [],
  logLevel: 'info',
  warnings: [],
}

suite('defaults', () => {
  test('an empty environment gives them all, without a warning', () => {
    assert.deepEqual({ ...read() }, defaults)
  })

  test('a config made by hand has the same, but for what is detected', () => {
    assert.deepEqual({ ...new OtelConfig() }, { ...defaults, resourceAttributes: {} })
  })

  test('empty and blank values are as good as none', () => {
    for (const nothing of ['', ' ', '\t']) {
      const env = Object.fromEntries(everyVariable.map((name) => [name, nothing]))
      assert.deepEqual({ ...read(env) }, defaults)
    }
  })

  test('limits are those of the specification', () => {
    assert.deepEqual(defaultSpanLimits, {
      attributeCount: 128,
      attributeValueLength: unlimited,
      eventCount: 128,
      linkCount: 128,
      eventAttributeCount: 128,
      linkAttributeCount: 128,
    })
  })
})

const jaegerDefaults = {
  endpoint: 'http://localhost:5778',
  pollingIntervalMs: 60_000,
  initialSamplingRate: 0.001,
}

/** A good value of each variable and the fields that it changes. */
const good: [Environment, Partial<OtelConfigFields>][] = [
  [{ OTEL_SERVICE_NAME: 'shop' }, { serviceName: 'shop' }],
  [{ OTEL_SERVICE_NAME: ' shop ' }, { serviceName: 'shop' }],
  [{ OTEL_SERVICE_VERSION: '2.3.4' }, { serviceVersion: '2.3.4' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317' }, { endpoint: 'http://collector:4317/' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector' }, { endpoint: 'https://collector/' }],
  [
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://general:4317',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:4317',
    },
    { endpoint: 'http://traces:4317/' },
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, { endpoint: 'https://collector:4317/' }],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317', OTEL_EXPORTER_OTLP_INSECURE: 'true' },
    { endpoint: 'http://collector:4317/' },
  ],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4317', OTEL_EXPORTER_OTLP_INSECURE: 'true' },
    { endpoint: 'https://collector:4317/' },
  ],
  [{ OTEL_SAMPLING_RATE: '0.25' }, { samplingRate: 0.25 }],
  [{ OTEL_SAMPLING_RATE: '0' }, { samplingRate: 0 }],
  [{ OTEL_SAMPLING_RATE: '1.0' }, {}],
  [{ OTEL_ENABLED: 'false' }, { enabled: false }],
  [{ OTEL_ENABLED: 'FALSE' }, { enabled: false }],
  [{ OTEL_ENABLED: 'true' }, {}],
  [{ OTEL_SDK_DISABLED: 'true' }, { enabled: false }],
  [{ OTEL_SDK_DISABLED: 'True' }, { enabled: false }],
  [{ OTEL_SDK_DISABLED: 'false' }, {}],
  [{ OTEL_ENABLED: 'true', OTEL_SDK_DISABLED: 'true' }, { enabled: false }],
  [{ OTEL_TRACES_SAMPLER: 'always_on' }, { parentBased: false }],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, { parentBased: false, samplingRate: 0 }],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, {}],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, { samplingRate: 0 }],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, { parentBased: false }],
  [
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' },
    { parentBased: false, samplingRate: 0.1 },
  ],
  [
    { OTEL_TRACES_SAMPLER: 'ParentBased_TraceIdRatio', OTEL_TRACES_SAMPLER_ARG: '0.1' },
    { samplingRate: 0.1 },
  ],
  [{ OTEL_TRACES_SAMPLER: 'always_on', OTEL_SAMPLING_RATE: '0.1' }, { parentBased: false }],
  [{ OTEL_TRACES_SAMPLER_ARG: '0.1' }, {}],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_jaeger_remote' }, { jaegerRemote: jaegerDefaults }],
  [
    { OTEL_TRACES_SAMPLER: 'jaeger_remote', OTEL_TRACES_SAMPLER_ARG: ' initialSamplingRate=0.25 ' },
    { parentBased: false, jaegerRemote: { ...jaegerDefaults, initialSamplingRate: 0.25 } },
  ],
  [
    {
      OTEL_TRACES_SAMPLER: 'jaeger_remote',
      OTEL_TRACES_SAMPLER_ARG:
        'endpoint=https://jaeger:5778/sampling,pollingIntervalMs=5000,initialSamplingRate=1',
    },
    {
      parentBased: false,
      jaegerRemote: {
        endpoint: 'https://jaeger:5778/sampling',
        pollingIntervalMs: 5000,
        initialSamplingRate: 1,
      },
    },
  ],
  [{ RUSTOK_TAIL_SAMPLING: 'true' }, { tailSampling: true }],
  [{ RUSTOK_TAIL_SAMPLING_RATE: '0' }, { tailSamplingRate: 0 }],
  [{ RUSTOK_TAIL_SAMPLING_SLOW_MS: '250' }, { tailSamplingSlowMs: 250 }],
  [{ RUSTOK_TAIL_SAMPLING_BUFFER_BYTES: '65536' }, { tailSamplingBufferBytes: 65_536 }],
  [{ RUSTOK_TAIL_SAMPLING_MAX_AGE_MS: '5000' }, { tailSamplingMaxAgeMs: 5000 }],
  [{ RUSTOK_TENANT_RATES: 'acme=0.5,b%20c=0' }, { tenantRates: { acme: 0.5, 'b c': 0 } }],
  [{ RUSTOK_TENANT_BUDGET: '100' }, { tenantBudget: 100 }],
  [{ RUSTOK_TENANT_BUDGETS: 'acme=5000,none=0' }, { tenantBudgets: { acme: 5000, none: 0 } }],
  [{ RUSTOK_TENANT_BURST_SECONDS: '2.5' }, { tenantBurstSeconds: 2.5 }],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b, x = y ' }, { headers: { 'api-key': 'a b', x: 'y' } }],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=1', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=2' }, { headers: { b: '2' } }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '250' }, { exportTimeout: 250 }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '250', OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '300' }, { exportTimeout: 300 }],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, {}],
  [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, {}],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
    { protocol: 'http/protobuf', endpoint: 'http://localhost:4318/v1/traces' },
  ],
  [
    { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'HTTP/JSON', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
    { protocol: 'http/json', endpoint: 'http://collector:4318/v1/traces' },
  ],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_ENDPOINT: 'https://gateway/otlp/' },
    { protocol: 'http/json', endpoint: 'https://gateway/otlp/v1/traces' },
  ],
  [
    {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://general:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:4318/custom',
    },
    { protocol: 'http/protobuf', endpoint: 'http://traces:4318/custom' },
  ],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }, { compression: 'gzip' }],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip', OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none' }, {}],
  [{ OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem' }, { certificate: '/ca.pem' }],
  [
    {
      OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: '/traces.pem',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem',
      OTEL_EXPORTER_OTLP_CLIENT_KEY: '/key.pem',
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: '/cert.pem',
    },
    { certificate: '/traces.pem', clientKey: '/key.pem', clientCertificate: '/cert.pem' },
  ],
  [
    { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/cert.pem', OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: '/key.pem' },
    { clientKey: '/key.pem', clientCertificate: '/cert.pem' },
  ],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, {}],
  [{ OTEL_TRACES_EXPORTER: 'console' }, { exporters: ['console'] }],
  [{ OTEL_TRACES_EXPORTER: ' OTLP, console,otlp' }, { exporters: ['otlp', 'console'] }],
  [{ OTEL_TRACES_EXPORTER: 'none' }, { exporters: [] }],
  [{ OTEL_BSP_SCHEDULE_DELAY: '0' }, { scheduleDelay: 0 }],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '4096' }, { maxQueueSize: 4096 }],
  [{ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' }, { maxExportBatchSize: 1 }],
  [{ OTEL_PROPAGATORS: 'tracecontext' }, { propagators: ['tracecontext'] }],
  [{ OTEL_PROPAGATORS: 'Baggage, TraceContext,baggage' }, { propagators: ['baggage', 'tracecontext'] }],
  [{ OTEL_PROPAGATORS: 'none' }, { propagators: [] }],
  [{ OTEL_PROPAGATORS: 'b3,none' }, { propagators: [] }],
  [
    { OTEL_PROPAGATORS: 'xray,b3,jaeger,b3multi,ottrace' },
    { propagators: ['xray', 'b3', 'jaeger', 'b3multi', 'ottrace'] },
  ],
  [
    { RUSTOK_BAGGAGE_DESTINATIONS: '*.internal, API.example.com ,::1' },
    { baggageDestinations: ['*.internal', 'API.example.com', '::1'] },
  ],
  [
    { RUSTOK_BAGGAGE_SOURCES: '10.0.0.0/8,127.0.0.1,fd00::/8' },
    { baggageSources: ['10.0.0.0/8', '127.0.0.1', 'fd00::/8'] },
  ],
  [{ RUSTOK_SPOOL_DIRECTORY: ' /var/spool/shop ' }, { spoolDirectory: '/var/spool/shop' }],
  [{ RUSTOK_SPOOL_MAX_BYTES: '1048576' }, { spoolMaxBytes: 1048576 }],
  [{ OTEL_LOG_LEVEL: 'DEBUG' }, { logLevel: 'debug' }],
  ...(
    [
      ['OTEL_ATTRIBUTE_COUNT_LIMIT', 'attributeCount'],
      ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'attributeCount'],
      ['OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'attributeValueLength'],
      ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'attributeValueLength'],
      ['OTEL_SPAN_EVENT_COUNT_LIMIT', 'eventCount'],
      ['OTEL_SPAN_LINK_COUNT_LIMIT', 'linkCount'],
      ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', 'eventAttributeCount'],
      ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', 'linkAttributeCount'],
    ] as const
  ).map(([name, limit]): [Environment, Partial<OtelConfigFields>] => [
    { [name]: '7' },
    { spanLimits: { ...defaultSpanLimits, [limit]: 7 } },
  ]),
  [
    { OTEL_ATTRIBUTE_COUNT_LIMIT: '7', OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '8' },
    { spanLimits: { ...defaultSpanLimits, attributeCount: 8 } },
  ],
]

suite('values', () => {
  for (const [env, changed] of good) {
    test(`${describe(env)} is read without a warning`, () => {
      assert.deepEqual({ ...read(env) }, { ...defaults, ...changed })
    })
  }
})

suite('resource attributes', () => {
  const environment = (env: Environment) => read(env).resourceAttributes['deployment.environment.name']

  test('are read percent-decoded', () => {
    assert.deepEqual(
      read({ OTEL_RESOURCE_ATTRIBUTES: 'team=pay%2Cments, region = eu ,' }).resourceAttributes,
      {
        team: 'pay,ments',
        region: 'eu',
        'deployment.environment.name': 'development',
      },
    )
  })

  test('name the service and its version where no variable does', () => {
    const attributes = 'service.name=from-attributes,service.version=9'
    const fromAttributes = read({ OTEL_RESOURCE_ATTRIBUTES: attributes })
    assert.deepEqual([fromAttributes.serviceName, fromAttributes.serviceVersion], ['from-attributes', '9'])
    const both = read({ OTEL_RESOURCE_ATTRIBUTES: attributes, OTEL_SERVICE_NAME: 'from-variable' })
    assert.equal(both.serviceName, 'from-variable')
  })

  test('one bad pair discards the whole value, with one warning that names it', () => {
    for (const bad of ['a=1,nonsense', 'a=1,=2', 'a=%zz', 'a=1,%zz=2']) {
      const { resourceAttributes, warnings } = read({ OTEL_RESOURCE_ATTRIBUTES: bad })
      assert.deepEqual(Object.keys(resourceAttributes), ['deployment.environment.name'])
      assert.equal(warnings.length, 1)
      assert.match(warnings[0]!, /^OTEL_RESOURCE_ATTRIBUTES/)
    }
  })

  test('the environment is OTEL_RESOURCE_ATTRIBUTES, else ENVIRONMENT, else NODE_ENV, else development', () => {
    const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=a' }
    assert.equal(environment({ ...attributes, ENVIRONMENT: 'b', NODE_ENV: 'c' }), 'a')
    assert.equal(environment({ ENVIRONMENT: 'b', NODE_ENV: 'c' }), 'b')
    assert.equal(environment({ NODE_ENV: 'c' }), 'c')
    assert.equal(environment({}), 'development')
  })

  test('keys of prototypes are keys', () => {
    const { resourceAttributes } = read({ OTEL_RESOURCE_ATTRIBUTES: '__proto__=x,constructor=y' })
    assert.deepEqual(Object.keys(resourceAttributes).sort(), [
      '__proto__',
      'constructor',
      'deployment.environment.name',
    ])
  })
})

/** Bad values: each falls back to what would hold without it, with one warning that names the variable and the value. */
const bad: [name: string, values: readonly string[], also?: Environment][] = [
  ['OTEL_SAMPLING_RATE', ['1.1', '-0.1', 'half', 'NaN', 'Infinity', '50%', '0,5']],
  ['OTEL_ENABLED', ['1', '0', 'yes', 'off']],
  ['OTEL_SDK_DISABLED', ['1', 'yes']],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', ['ftp://collector', 'http://', 'unix:///socket', 'http://a b', '::']],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', ['http://:4317', 'grpc://collector:4317']],
  ['OTEL_EXPORTER_OTLP_INSECURE', ['1'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', ['0', '-1', '1.5', '10s']],
  ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', ['soon', '99999999999']],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', ['http', 'GRPCS']],
  ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', ['http/xml']],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', ['zstd', 'true']],
  ['OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', ['deflate']],
  ['OTEL_EXPORTER_OTLP_CLIENT_KEY', ['/key.pem']],
  ['OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', ['/cert.pem']],
  ['OTEL_TRACES_EXPORTER', ['zipkin', 'jaeger', 'stdout']],
  ['OTEL_TRACES_SAMPLER', ['always', 'jaeger', 'xray'], { OTEL_SAMPLING_RATE: '0.25' }],
  ['OTEL_TRACES_SAMPLER_ARG', ['2', 'x'], { OTEL_TRACES_SAMPLER: 'traceidratio' }],
  [
    'OTEL_TRACES_SAMPLER_ARG',
    [
      'endpoint=jaeger:14250',
      'endpoint=',
      'http://jaeger:5778',
      'pollingIntervalMs=1.5',
      'pollingIntervalMs=',
      'initialSamplingRate=2',
      'endpoint=http://jaeger,rate=1',
    ],
    { OTEL_TRACES_SAMPLER: 'jaeger_remote' },
  ],
  ['RUSTOK_TAIL_SAMPLING', ['1', 'on']],
  ['RUSTOK_TAIL_SAMPLING_RATE', ['-0.1', '2', '10%']],
  ['RUSTOK_TAIL_SAMPLING_SLOW_MS', ['-1', '1s', '0.5']],
  ['RUSTOK_TAIL_SAMPLING_BUFFER_BYTES', ['0', '65535', '1e15', '32MiB']],
  ['RUSTOK_TAIL_SAMPLING_MAX_AGE_MS', ['0', '99', '3600001']],
  ['RUSTOK_TENANT_RATES', ['acme=2', 'acme=', 'acme=half', 'acme=-1']],
  ['RUSTOK_TENANT_BUDGET', ['-1', 'much', 'Infinity']],
  ['RUSTOK_TENANT_BUDGETS', ['acme=-1', 'acme=Infinity', 'acme']],
  ['RUSTOK_TENANT_BURST_SECONDS', ['0', '0.5', '1e9']],
  ['OTEL_BSP_SCHEDULE_DELAY', ['-1', '0.5', 'x', '99999999999']],
  ['OTEL_BSP_MAX_QUEUE_SIZE', ['0', '-5', 'big']],
  ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', ['0', 'x']],
  ['OTEL_PROPAGATORS', ['b4', 'x-ray', 'opentracing']],
  ['RUSTOK_BAGGAGE_DESTINATIONS', ['*', '*.', 'https://a', 'a b', 'a.*.b', 'a:80', '..']],
  ['RUSTOK_BAGGAGE_SOURCES', ['10.0.0.0/33', 'localhost', '10.0.0', '::1/129', '1.2.3.4/', '*']],
  ['RUSTOK_SPOOL_MAX_BYTES', ['1048575', '0', '-1', '1.5e6.1', '1GiB', '2000000.5']],
  ['OTEL_LOG_LEVEL', ['loud', '5']],
  ['OTEL_ATTRIBUTE_COUNT_LIMIT', ['-1', 'x']],
  ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', ['1.5']],
  ['OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', ['-1', 'x']],
  ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', ['-1']],
  ['OTEL_SPAN_EVENT_COUNT_LIMIT', ['-1', 'x']],
  ['OTEL_SPAN_LINK_COUNT_LIMIT', ['-1', 'x']],
  ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', ['-1', 'x']],
  ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', ['-1', 'x']],
]
const everyVariable = [
  'OTEL_NODE_ENABLED_INSTRUMENTATIONS',
  'OTEL_NODE_DISABLED_INSTRUMENTATIONS',
  'RUSTOK_HTTP_IGNORE_PATHS',
  ...new Set([
    ...bad.map(([name]) => name),
    ...good.flatMap(([env]) => Object.keys(env)),
    'OTEL_RESOURCE_ATTRIBUTES',
    'ENVIRONMENT',
    'NODE_ENV',
  ]),
]

suite('bad values', () => {
  for (const [name, values, also] of bad) {
    for (const value of values) {
      test(`${describe({ ...also, [name]: value })} falls back, with one warning`, () => {
        const { warnings, ...fields } = read({ ...also, [name]: value })
        const { warnings: _, ...without } = read(also)
        assert.deepEqual(fields, without)
        assert.equal(warnings.length, 1, warnings.join('\n'))
        const [warning = ''] = warnings
        assert.ok(warning.includes(name) && warning.includes(value), warning)
      })
    }
  }

  test('a batch larger than the queue is cut to the queue, with a warning', () => {
    const { maxExportBatchSize, maxQueueSize, warnings } = read({
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '200',
    })
    assert.deepEqual([maxExportBatchSize, maxQueueSize], [100, 100])
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]!, /OTEL_BSP_MAX_EXPORT_BATCH_SIZE='200'/)
  })

  test('a queue smaller than the default batch makes the batch smaller', () => {
    const { maxExportBatchSize, warnings } = read({ OTEL_BSP_MAX_QUEUE_SIZE: '100' })
    assert.deepEqual([maxExportBatchSize, warnings], [100, []])
  })

  test('an unknown propagator beside a known one costs itself alone', () => {
    const { propagators, warnings } = read({ OTEL_PROPAGATORS: 'b4,baggage' })
    assert.deepEqual(propagators, ['baggage'])
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]!, /OTEL_PROPAGATORS='b4'/)
  })

  test("one tenant's bad number costs itself alone", () => {
    const { tenantRates, warnings } = read({ RUSTOK_TENANT_RATES: 'a=0.5,b=5,c=0' })
    assert.deepEqual([tenantRates, warnings.length], [{ a: 0.5, c: 0 }, 1])
  })

  test('a bad destination or source beside good ones costs itself alone', () => {
    const config = read({ RUSTOK_BAGGAGE_DESTINATIONS: '*,api.example.com', RUSTOK_BAGGAGE_SOURCES: '::1,x' })
    assert.deepEqual([config.baggageDestinations, config.baggageSources], [['api.example.com'], ['::1']])
    assert.equal(config.warnings.length, 2)
  })

  const headers = ['hunter2', 'a=%zz', '=hunter2', 'a b=1', 'a=%0d%0ab', 'ключ=1', 'a=%D1%8E', 'key-bin=1']
  for (const entry of headers) {
    test(`headers with the entry ${entry} are ignored as a whole, with one warning that does not show them`, () => {
      for (const name of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS']) {
        const { headers, warnings } = read({ [name]: `authorization=hunter2,${entry}` })
        assert.deepEqual(headers, {})
        assert.equal(warnings.length, 1)
        assert.match(warnings[0]!, new RegExp(`^${name} .*entry 2`))
        assert.doesNotMatch(warnings[0]!, /hunter2/)
      }
    })
  }

  for (const entry of ['Connection=close', 'te=x', 'content-type=text/plain', 'content-length=1', 'host=x']) {
    test(`the header ${entry} is the protocol’s own, whichever that is`, () => {
      for (const protocol of ['grpc', 'http/protobuf', 'http/json']) {
        const { headers, warnings } = read({
          OTEL_EXPORTER_OTLP_HEADERS: entry,
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        })
        assert.deepEqual([headers, warnings.length], [{}, 1])
      }
    })
  }

  test('what only one of the protocols can send as a header is judged by the one in use', () => {
    for (const entry of ['key-bin=1', 'x!=1', 'grpc-timeout=1S']) {
      const OTEL_EXPORTER_OTLP_HEADERS = entry
      assert.deepEqual(read({ OTEL_EXPORTER_OTLP_HEADERS }).headers, {})
      const overHttp = read({ OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' })
      assert.equal(Object.keys(overHttp.headers).length, 1)
    }
  })

  test('a warning about the endpoint does not show its password', () => {
    const { warnings } = read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://user:hunter2@collector' })
    assert.equal(warnings.length, 1)
    assert.doesNotMatch(warnings[0]!, /hunter2/)
  })
})

test('no environment makes it throw or gives a config that cannot be used', () => {
  const value = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.constantFrom('true', 'false', '0', '1', '-1', '1e400', 'NaN', 'http://x', 'a=1,b=2', 'none', '%', ','),
    fc.double().map(String),
    fc.webUrl(),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...everyVariable), value, { noNullPrototype: true }), (env) => {
      const config = read(env)
      checkConfig(config)
      assert.ok(config.samplingRate >= 0 && config.samplingRate <= 1)
      assert.ok(/^https?:$/.test(new URL(config.endpoint).protocol))
      assert.ok(config.maxExportBatchSize >= 1 && config.maxExportBatchSize <= config.maxQueueSize)
      for (const amount of [
        config.scheduleDelay,
        config.exportTimeout,
        ...Object.values(config.spanLimits),
      ]) {
        assert.ok(amount >= 0)
      }
      assert.ok(config.warnings.every((warning) => typeof warning === 'string'))
    }),
    { numRuns: 1000 },
  )
})

function describe(env: Environment): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
