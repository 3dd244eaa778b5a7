// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the file's own.
/**
 * OTEL_CONFIG_FILE: a file says what variables say, refers to them, and its faults are told by place. The official reader and validator of
 * the schema judges which files are valid, and what a value is after substitution.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { parseConfigFile } from '@opentelemetry/configuration'
import fc from 'fast-check'
import { OtelConfig, type OtelConfigFields } from '../src/config.ts'
import { startCollector } from './support/collector.ts'
import { only } from './support/only.ts'
import { run } from './support/run.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'rustok-config-'))
})
after(() => rmSync(folder, { recursive: true }))

interface Read {
  readonly config: OtelConfig
  /** Without the name of the file. */
  readonly warnings: readonly string[]
  readonly path: string
}

function read(text: string, env: Record<string, string> = {}): Read {
  const path = join(folder, 'otel.yaml')
  writeFileSync(path, text)
  const config = OtelConfig.fromEnv({ OTEL_CONFIG_FILE: path, ...env })
  return { config, path, warnings: config.warnings.map((warning) => warning.replaceAll(path, 'otel.yaml')) }
}

/** The official reader's, which takes references from the environment of the process. */
function official(text: string, env: Record<string, string> = {}): ReturnType<typeof parseConfigFile> {
  const path = join(folder, 'official.yaml')
  writeFileSync(path, text)
  const had = { ...process.env }
  Object.assign(process.env, env)
  try {
    return parseConfigFile(path)
  } finally {
    for (const name of Object.keys(env)) delete process.env[name]
    Object.assign(process.env, had)
  }
}

const format = 'file_format: "1.0"\n'
const exporting = `${format}tracer_provider:\n  processors:\n    - batch: { exporter: { console: } }\n`

suite('what a file says', () => {
  const full = `
file_format: "1.0"
disabled: false
log_level: warn
resource:
  attributes:
    - { name: service.name, value: shop }
    - { name: service.version, value: 2.1.0 }
    - { name: shard, value: 7, type: int }
    - { name: zones, value: [a, b], type: string_array }
  attributes_list: "team=orders,shard=9,deployment.environment.name=staging"
attribute_limits:
  attribute_count_limit: 64
  attribute_value_length_limit: 4096
propagator:
  composite:
    - b3:
    - tracecontext:
  composite_list: "baggage"
tracer_provider:
  processors:
    - batch:
        schedule_delay: 100
        export_timeout: 2000
        max_queue_size: 1000
        max_export_batch_size: 100
        exporter:
          otlp_http:
            endpoint: https://collector.example:4318/in/traces
            compression: gzip
            timeout: 3000
            encoding: json
            tls: { ca_file: /ca.pem, key_file: /key.pem, cert_file: /cert.pem }
            headers:
              - { name: authorization, value: "Bearer a=b, c" }
            headers_list: "x-team=orders"
    - simple:
        exporter:
          console:
  limits:
    attribute_count_limit: 32
    event_count_limit: 8
    link_count_limit: 4
    event_attribute_count_limit: 3
    link_attribute_count_limit: 2
  sampler:
    parent_based:
      root:
        trace_id_ratio_based:
          ratio: 0.25
distribution:
  rustok:
    tail_sampling_rate: 0.5
`

  test('a whole file, which is valid by the schema', () => {
    official(full)
    const { config, warnings } = read(full, {
      OTEL_SERVICE_NAME: 'ignored',
      OTEL_TRACES_SAMPLER: 'always_off',
      NODE_ENV: 'test',
    })
    assert.deepEqual(warnings, [])
    const expected: Partial<OtelConfigFields> = {
      enabled: true,
      logLevel: 'warn',
      serviceName: 'shop',
      serviceVersion: '2.1.0',
      resourceAttributes: {
        'service.name': 'shop',
        'service.version': '2.1.0',
        shard: 7,
        zones: ['a', 'b'],
        team: 'orders',
        'deployment.environment.name': 'staging',
      },
      propagators: ['b3', 'tracecontext', 'baggage'],
      scheduleDelay: 100,
      maxQueueSize: 1000,
      maxExportBatchSize: 100,
      exporters: ['otlp', 'console'],
      protocol: 'http/json',
      endpoint: 'https://collector.example:4318/in/traces',
      compression: 'gzip',
      exportTimeout: 3000,
      headers: { authorization: 'Bearer a=b, c', 'x-team': 'orders' },
      certificate: '/ca.pem',
      clientKey: '/key.pem',
      clientCertificate: '/cert.pem',
      parentBased: true,
      samplingRate: 0.25,
      tailSamplingRate: 0.5,
      spanLimits: {
        attributeCount: 32,
        attributeValueLength: 4096,
        eventCount: 8,
        linkCount: 4,
        eventAttributeCount: 3,
        linkAttributeCount: 2,
      },
    }
    const found = Object.fromEntries(
      Object.keys(expected).map((name) => [name, config[name as keyof OtelConfigFields]]),
    )
    assert.deepEqual(found, expected)
  })

  test('what it leaves out is what the schema says of that: no provider, no propagator', () => {
    const { config, warnings } = read(format)
    assert.deepEqual([config.enabled, config.propagators, warnings], [false, [], []])
    const { config: exported } = read(exporting)
    assert.deepEqual([exported.enabled, exported.exporters, exported.propagators], [true, ['console'], []])
    assert.deepEqual(
      [exported.parentBased, exported.samplingRate, exported.maxExportBatchSize],
      [true, 1, 512],
    )
    assert.deepEqual(exported.resourceAttributes, {})
  })

  test('other formats of 1.x, JSON, other signals, anchors, and null for the default', () => {
    for (const text of [
      exporting.replace('"1.0"', '"1.1"'),
      exporting.replace('"1.0"', '"1.0-rc.3"'),
      JSON.stringify({
        file_format: '1.0',
        tracer_provider: { processors: [{ batch: { exporter: { console: {} } } }] },
      }),
      `${exporting}meter_provider: { readers: [] }\nlogger_provider: {}\ninstrumentation/development: { js: { x: 1 } }\ndistribution: { other: { a: 1 } }\n`,
      `${exporting}log_level:\ndisabled:\nresource:\n`,
      `${format}tracer_provider:\n  processors:\n    - batch: { exporter: &to { console: } }\n    - simple: { exporter: *to }\n`,
    ]) {
      const { config, warnings } = read(text)
      assert.deepEqual([warnings, config.enabled, config.exporters], [[], true, ['console']], text)
    }
  })

  for (const [sampler, parentBased, samplingRate] of [
    ['always_on:', false, 1],
    ['always_off:', false, 0],
    ['trace_id_ratio_based: { ratio: 0.1 }', false, 0.1],
    ['trace_id_ratio_based:', false, 1],
    ['probability/development: { ratio: 0.5 }', false, 0.5],
    ['parent_based:', true, 1],
    ['parent_based: { root: { always_off: } }', true, 0],
    [
      'parent_based: { root: { trace_id_ratio_based: { ratio: 0 } }, remote_parent_sampled: { always_on: } }',
      true,
      0,
    ],
  ] as const) {
    test(`the sampler ${sampler}`, () => {
      const text = `${exporting}  sampler: { ${sampler} }\n`
      official(text)
      const { config, warnings } = read(text)
      assert.deepEqual([config.parentBased, config.samplingRate, warnings], [parentBased, samplingRate, []])
    })
  }

  test('the sampler of a Jaeger collector', () => {
    const { config, warnings } = read(`${exporting}  sampler:
    parent_based:
      root:
        jaeger_remote/development:
          endpoint: http://jaeger:5778
          interval: 5000
          initial_sampler: { trace_id_ratio_based: { ratio: 0.1 } }
`)
    assert.deepEqual(warnings, [])
    assert.deepEqual(config.jaegerRemote, {
      endpoint: 'http://jaeger:5778',
      pollingIntervalMs: 5000,
      initialSamplingRate: 0.1,
    })
  })

  test('gRPC, with and without TLS', () => {
    const grpc = (settings: string) =>
      read(
        `${format}tracer_provider:\n  processors:\n    - batch: { exporter: { otlp_grpc: ${settings} } }\n`,
      ).config
    assert.deepEqual([grpc('').protocol, grpc('').endpoint], ['grpc', 'http://localhost:4317'])
    assert.equal(grpc('{ endpoint: "collector:4317" }').endpoint, 'https://collector:4317/')
    assert.equal(
      grpc('{ endpoint: "collector:4317", tls: { insecure: true } }').endpoint,
      'http://collector:4317/',
    )
  })

  test('a simple processor sends each span as it ends', () => {
    const { config } = read(
      `${format}tracer_provider:\n  processors:\n    - simple: { exporter: { otlp_http: } }\n`,
    )
    assert.deepEqual(
      [config.maxExportBatchSize, config.protocol, config.endpoint],
      [1, 'http/protobuf', 'http://localhost:4318/v1/traces'],
    )
  })
})

suite('references to variables', () => {
  const env = { NAME: 'shop', RATIO: '0.5', YES: 'true', EMPTY: '', TEXT: '${NAME}', NUMBER: '0x10' }
  const withValue = (text: string) =>
    `${exporting}resource:\n  attributes:\n    - name: a\n      value: ${text}\n`
  const ours = (text: string) => read(withValue(text), env)

  test('are put in where they stand, with a default, and not looked at again', () => {
    for (const [text, expected] of [
      ['${NAME}', 'shop'],
      ['${env:NAME}', 'shop'],
      ['"${NAME}-${RATIO}"', 'shop-0.5'],
      ['${MISSING:-fallback}', 'fallback'],
      ['${EMPTY:-fallback}', 'fallback'],
      ['${NAME:-fallback}', 'shop'],
      ['${TEXT}', '${NAME}'],
      ['$${NAME}', '${NAME}'],
      ['a $$ b', 'a $ b'],
      ['"$NAME"', '$NAME'],
    ] as const) {
      const { config, warnings } = ours(text)
      assert.deepEqual([config.resourceAttributes.a, warnings], [expected, []], text)
    }
  })

  test('have the type that they would have in the file, unless they are quoted', () => {
    const text = `${format}disabled: \${YES}
tracer_provider:
  processors:
    - batch:
        max_queue_size: \${NUMBER}
        exporter: { console: }
  sampler:
    trace_id_ratio_based:
      ratio: "\${RATIO}"
`
    const { config, warnings } = read(text, env)
    assert.deepEqual([config.enabled, config.maxQueueSize], [false, 16])
    assert.deepEqual(warnings, [
      'otel.yaml:10:14: tracer_provider.sampler.trace_id_ratio_based.ratio must be a number from 0 to 1, not "0.5"',
    ])
    assert.throws(() => official(text, env), /ratio must be number/)
  })

  test('anything is what the official reader makes of it', () => {
    const part = fc.constantFrom(
      '${NAME}',
      '${env:RATIO}',
      '${YES}',
      '${MISSING}',
      '${MISSING:-d}',
      '${NUMBER}',
      '${EMPTY}',
      '$$',
      '$',
      'a',
      ' ',
      '-',
      '1',
      '$${NAME}',
      '${TEXT}',
    )
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.boolean(), (parts, quoted) => {
        const text = quoted ? `"${parts.join('')}"` : `x${parts.join('')}`
        const theirs = official(withValue(text), env).resource?.attributes?.[0]?.value
        const { config, warnings } = ours(text)
        assert.deepEqual(warnings, [])
        assert.equal(config.resourceAttributes.a, theirs ?? undefined, text)
      }),
      { numRuns: 300 },
    )
  })
})

suite('faults', () => {
  /** Each leaves the rest of the file in force. */
  for (const [what, text, warning] of [
    [
      'an unknown key',
      `${exporting}  samplr: {}\n`,
      /^otel\.yaml:5:11: tracer_provider\.samplr is not known here: processors, .*sampler/,
    ],
    [
      'a number that is text',
      `${exporting.replace('{ exporter', '{ max_queue_size: many, exporter')}`,
      /^otel\.yaml:4:32: tracer_provider\.processors\[0\]\.batch\.max_queue_size must be a whole number from 1, not "many"$/,
    ],
    [
      'a number out of range',
      `${exporting}  sampler: { trace_id_ratio_based: { ratio: 2 } }\n`,
      /^otel\.yaml:5:45: .*ratio must be a number from 0 to 1, not 2$/,
    ],
    [
      'text that is a number',
      exporting.replace('console:', 'otlp_http: { endpoint: 4318 }'),
      /endpoint must be text, not 4318; quote it/,
    ],
    [
      'a bad address',
      exporting.replace('console:', 'otlp_http: { endpoint: "nowhere://x" }'),
      /^otel\.yaml:4:\d+: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT='nowhere:\/\/x' is not an http or https URL: using /,
    ],
    [
      'a list that is none',
      `${exporting}resource: { attributes: 5 }\n`,
      /^otel\.yaml:5:25: resource\.attributes must be a list$/,
    ],
    ['a mapping that is none', `${exporting}resource: 5\n`, /^otel\.yaml:5:11: resource must be a mapping$/],
    [
      'an alias that names nothing',
      `${exporting}resource: *nowhere\n`,
      /^otel\.yaml:5:11: \*nowhere names nothing$/,
    ],
    ['a value that is a mapping', `${exporting}log_level: { a: 1 }\n`, /log_level must be a single value/],
    [
      'an exporter of another kind',
      exporting.replace('console:', 'zipkin: {}'),
      /exporter\.zipkin is not supported: otlp_http, otlp_grpc and console are/,
    ],
    [
      'a processor of another kind',
      exporting.replace('batch:', 'mine:'),
      /processors\[0\]\.mine is not supported/,
    ],
    [
      'a sampler of another kind',
      `${exporting}  sampler: { "composite/development": { always_on: } }\n`,
      /sampler\.composite\/development is not supported/,
    ],
    [
      'what parents lead to',
      `${exporting}  sampler: { parent_based: { remote_parent_sampled: { always_off: } } }\n`,
      /remote_parent_sampled is not supported: always_on is used/,
    ],
    [
      'a second OTLP endpoint',
      `${exporting.replace('console:', 'otlp_http:')}    - batch: { exporter: { otlp_grpc: } }\n`,
      /otlp_grpc is left out: spans go to one OTLP endpoint, the first/,
    ],
    [
      'an unknown level',
      `${exporting}log_level: loud\n`,
      /^otel\.yaml:5:12: log_level must be one of trace, .*not "loud"$/,
    ],
    [
      'an unknown propagator',
      `${exporting}propagator: { composite_list: "tracecontext,mine" }\n`,
      /^otel\.yaml:5:13: OTEL_PROPAGATORS='mine' is not one of /,
    ],
    [
      'a bad setting of our own',
      `${exporting}distribution: { rustok: { tail_sampling_rate: 7 } }\n`,
      /^otel\.yaml:5:47: RUSTOK_TAIL_SAMPLING_RATE='7' is not /,
    ],
  ] as const) {
    test(`${what} is told by its place, and the rest holds`, () => {
      const { config, warnings } = read(text, { OTEL_SERVICE_NAME: 'ignored' })
      assert.equal(warnings.length, 1, warnings.join('\n'))
      assert.match(warnings[0]!, warning)
      assert.equal(config.serviceName, 'rustok-server')
      assert.equal(config.enabled, true)
    })
  }

  /** Each leaves the environment in force. */
  for (const [what, text, warning] of [
    ['no YAML', 'file_format: "1.0"\na: [1', /otel\.yaml:2:\d+: it is no YAML: /],
    [
      'a key that is there twice',
      `${format}disabled: true\ndisabled: false\n`,
      /otel\.yaml:3:1: it is no YAML: .*unique/,
    ],
    ['no format', 'disabled: true\n', /file_format must be "1\.0" or another 1\.x, it has none/],
    [
      'a format of another major version',
      'file_format: "2.0"\n',
      /otel\.yaml:1:14: file_format must be .*, not "2\.0"/,
    ],
    ['an experimental format', 'file_format: "0.4"\n', /not "0\.4"/],
    ['a list', '- 1\n', /file_format must be/],
    ['nothing at all', '', /file_format must be/],
    [
      'a reference that is none',
      `${exporting}resource: { attributes_list: "\${1X}" }\n`,
      /otel\.yaml:5:30: '\$\{1X\}' is no reference/,
    ],
    [
      'a reference that is not closed',
      `${exporting}resource: { attributes_list: "\${NAME" }\n`,
      /is no reference/,
    ],
  ] as const) {
    test(`${what}: said once, and the other variables count`, () => {
      const { config, warnings } = read(text, { OTEL_SERVICE_NAME: 'from the environment' })
      assert.equal(warnings.length, 1, warnings.join('\n'))
      assert.match(
        warnings[0]!,
        /^OTEL_CONFIG_FILE='otel\.yaml' is not used: .*; the configuration is read from the other variables instead$/,
      )
      assert.match(warnings[0]!, warning)
      assert.equal(config.serviceName, 'from the environment')
    })
  }

  test('a file that is not there, and one that is a folder', () => {
    mkdirSync(join(folder, 'dir'))
    for (const [name, why] of [
      ['missing.yaml', /ENOENT/],
      ['dir', /EISDIR/],
    ] as const) {
      const { warnings, serviceName } = OtelConfig.fromEnv({
        OTEL_CONFIG_FILE: join(folder, name),
        OTEL_SERVICE_NAME: 'x',
      })
      assert.match(warnings.join('\n'), why)
      assert.equal(serviceName, 'x')
    }
  })

  test('empty equals unset', () => {
    assert.deepEqual(OtelConfig.fromEnv({ OTEL_CONFIG_FILE: ' ' }), OtelConfig.fromEnv({}))
  })

  test('whatever a file holds, nothing is thrown', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => `file_format: "1.0"\ntracer_provider: ${json}\n`),
          fc.json(),
        ),
        (text) => {
          const { warnings } = read(text)
          assert.ok(!warnings.some((warning) => warning.includes('it cannot be read')), warnings.join())
        },
      ),
      { numRuns: 300 },
    )
  })
})

suite('a process', () => {
  const app = `
import { createRequire } from 'node:module'
import { tracedSpan } from '@rustok/telemetry'
tracedSpan('work', () => {})
console.log(Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/yaml/')))
`
  const root = new URL('../../../', import.meta.url)
  for (const configured of [true, false]) {
    test(configured ? 'is configured by its file' : 'does not load the parser without a file', async () => {
      const collector = await startCollector()
      const file = join(folder, 'process.yaml')
      const exporter = '{ otlp_grpc: { endpoint: "${COLLECTOR}" } }'
      writeFileSync(
        file,
        `${format}resource: { attributes: [{ name: service.name, value: from-file }] }\ntracer_provider:\n  processors:\n    - batch:\n        exporter: ${exporter.replace('{ otlp_grpc', '\n          { otlp_grpc')}\n`,
      )
      const script = join(folder, 'app.mjs')
      writeFileSync(
        script,
        app.replace(
          "from '@rustok/telemetry'",
          `from '${new URL('packages/telemetry/src/index.ts', root).href}'`,
        ),
      )
      const env = configured
        ? { OTEL_CONFIG_FILE: file, COLLECTOR: collector.endpoint }
        : { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }
      const register = new URL('packages/telemetry/src/register.ts', root).href
      const { code, stdout, stderr } = await run(['--import', register, script], { env })
      collector.stop()
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${configured}\n`, stderr: '' })
      only(collector.spans(), 'work')
      assert.equal(
        collector.accepted[0]!.resource['service.name'],
        configured ? 'from-file' : 'rustok-server',
      )
    })
  }
})
