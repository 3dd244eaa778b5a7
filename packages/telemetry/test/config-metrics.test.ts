/** The variables of metrics and of the process's end: good, bad and empty. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Environment } from '../src/config/env-reader.ts'
import { checkConfig, OtelConfig, type OtelConfigFields } from '../src/config.ts'
import { OtelError } from '../src/errors.ts'

const read = (env: Environment) => OtelConfig.fromEnv(env)
const local = { host: 'localhost', port: 9464 }

const good: readonly [Environment, Partial<OtelConfigFields>][] = [
  [{}, { exitTimeout: 2000, spanMetrics: false, spanMetricsTenants: 50, metricsEndpoint: undefined }],
  [{ RUSTOK_EXIT_TIMEOUT: '0' }, { exitTimeout: 0 }],
  [{ RUSTOK_EXIT_TIMEOUT: ' 300 ' }, { exitTimeout: 300 }],
  [{ RUSTOK_EXIT_TIMEOUT: '' }, { exitTimeout: 2000 }],
  [{ RUSTOK_SPAN_METRICS: 'TRUE' }, { spanMetrics: true }],
  [{ RUSTOK_SPAN_METRICS: ' ' }, { spanMetrics: false }],
  [{ RUSTOK_SPAN_METRICS_TENANTS: '0' }, { spanMetricsTenants: 0 }],
  [{ RUSTOK_SPAN_METRICS_TENANTS: '' }, { spanMetricsTenants: 50 }],
  [{ OTEL_METRICS_EXPORTER: 'prometheus' }, { metricsEndpoint: local }],
  [{ OTEL_METRICS_EXPORTER: 'otlp, Prometheus' }, { metricsEndpoint: local }],
  [{ OTEL_METRICS_EXPORTER: 'otlp' }, { metricsEndpoint: undefined }],
  [{ OTEL_METRICS_EXPORTER: 'console,none' }, { metricsEndpoint: undefined }],
  [{ OTEL_METRICS_EXPORTER: '' }, { metricsEndpoint: undefined }],
  [
    { OTEL_EXPORTER_PROMETHEUS_HOST: '::', OTEL_EXPORTER_PROMETHEUS_PORT: '9' },
    { metricsEndpoint: undefined },
  ],
  [
    {
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0',
      OTEL_EXPORTER_PROMETHEUS_PORT: '0',
    },
    { metricsEndpoint: { host: '0.0.0.0', port: 0 } },
  ],
  [
    {
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_HOST: '',
      OTEL_EXPORTER_PROMETHEUS_PORT: '',
    },
    { metricsEndpoint: local },
  ],
]

const bad: readonly [Environment, Partial<OtelConfigFields>][] = [
  [{ RUSTOK_EXIT_TIMEOUT: '-1' }, { exitTimeout: 2000 }],
  [{ RUSTOK_EXIT_TIMEOUT: '2s' }, { exitTimeout: 2000 }],
  [{ RUSTOK_EXIT_TIMEOUT: '2147483648' }, { exitTimeout: 2000 }],
  [{ RUSTOK_SPAN_METRICS: 'yes' }, { spanMetrics: false }],
  [{ RUSTOK_SPAN_METRICS_TENANTS: '1.5' }, { spanMetricsTenants: 50 }],
  [{ OTEL_METRICS_EXPORTER: 'statsd' }, { metricsEndpoint: undefined }],
  [{ OTEL_EXPORTER_PROMETHEUS_PORT: '65536' }, { metricsEndpoint: undefined }],
]

const text = (env: Environment) => JSON.stringify(env)
const pick = (config: OtelConfigFields, fields: Partial<OtelConfigFields>) =>
  Object.fromEntries(Object.keys(fields).map((name) => [name, config[name as keyof OtelConfigFields]]))

suite('a variable', () => {
  for (const [env, expected] of good) {
    test(`${text(env)} is read without a warning`, () => {
      const config = read(env)
      assert.deepEqual(pick(config, expected), expected)
      assert.deepEqual(config.warnings, [])
      checkConfig(config)
    })
  }

  for (const [env, expected] of bad) {
    test(`${text(env)} falls back, and is said once, by name`, () => {
      const config = read(env)
      assert.deepEqual(pick(config, expected), expected)
      assert.equal(config.warnings.length, 1)
      assert.match(config.warnings[0]!, new RegExp(Object.keys(env)[0]!))
    })
  }
})

suite('a field set by hand', () => {
  for (const fields of [
    { exitTimeout: -1 },
    { exitTimeout: Number.NaN },
    { spanMetricsTenants: -1 },
    { metricsEndpoint: { host: 'localhost', port: 65_536 } },
    { metricsEndpoint: { host: 'localhost', port: 1.5 } },
  ] satisfies Partial<OtelConfigFields>[]) {
    test(`${JSON.stringify(fields)} is refused by name`, () => {
      const named = (error: unknown) =>
        error instanceof OtelError && error.message.includes(Object.keys(fields)[0]!)
      assert.throws(() => checkConfig(new OtelConfig(fields)), named)
    })
  }
})
