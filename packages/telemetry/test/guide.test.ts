/** The guide's table of variables: what it calls the default is the reference's, its examples are taken, its mistakes say what it says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { OtelConfig } from '../src/config.ts'

const page = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const rowsOf = (text: string, heading: string) =>
  [
    ...(text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '').matchAll(/^\| (`[A-Z].*) \|$/gm),
  ].map(([, row]) => row!.split(' | '))
const codes = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)

const reference = rowsOf(page('../README.md'), 'Variables')
const guide = rowsOf(page('../../../docs/OPENTELEMETRY_GUIDE.md'), 'Configuration')
const warningsOf = (env: Record<string, string>) => OtelConfig.fromEnv(env).warnings

/** Variables that mean something beside another one alone. */
const beside: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  OTEL_TRACES_SAMPLER_ARG: { OTEL_TRACES_SAMPLER: 'traceidratio' },
  OTEL_EXPORTER_OTLP_INSECURE: { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' },
  OTEL_EXPORTER_OTLP_CLIENT_KEY: { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: 'shop.pem' },
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: { OTEL_EXPORTER_OTLP_CLIENT_KEY: 'shop.key' },
}

/** Those whose warning does not repeat the value, because it may be a secret. */
const secret: Readonly<Record<string, string>> = { OTEL_EXPORTER_OTLP_HEADERS: 'Bearer abc' }

test('the guide has the variables of the reference, in its order, with its defaults', () => {
  assert.ok(reference.length > 40)
  assert.deepEqual(
    guide.map(([names, value]) => [names, value]),
    reference.map(([names, value]) => [names, value]),
  )
})

suite('configuration', () => {
  for (const [names, , example, mistake] of guide) {
    const [name] = codes(names!)
    const [value] = codes(example!)
    // A file is looked for; its examples are tried with the configuration file itself.
    if (name !== 'OTEL_CONFIG_FILE') {
      test(`${name}=${value} is taken`, () => {
        assert.deepEqual(warningsOf({ ...beside[name!], [name!]: value! }), [])
      })
    }
    const [says] = codes(mistake!)
    if (!says?.startsWith(name!)) continue
    const wrong = secret[name!] ?? /'([^']*)'/.exec(says)?.[1]
    test(`${name}=${wrong} says what the guide says`, () => {
      const env = says.includes(' is not set') ? {} : beside[name!]
      assert.deepEqual(warningsOf({ ...env, [name!]: wrong! }), [says])
    })
  }
})

test('the arithmetic of sampling is right, from the sizes that it names', () => {
  const text = page('../../../docs/OPENTELEMETRY_GUIDE.md')
  const part = text.slice(text.indexOf('**The arithmetic.**'), text.indexOf('**Counting.**'))
  const [requests, spans] = /(\d+) requests a second at (\d+) spans/.exec(part)!.slice(1).map(Number)
  const [wire, disk] = /(\d+) bytes a span\s+on the wire, ([\d.]+) on/.exec(part)!.slice(1).map(Number)
  const row = (name: string) =>
    part
      .split('\n')
      .find((line) => line.startsWith(`| ${name} |`))!
      .split(' | ')
      .slice(1)
      .map((cell) => Number(/([\d.]+) *\|?$/.exec(cell.replaceAll(',', ''))![1]))
  const shares = row('share of traces')
  assert.deepEqual(shares, [1, 0.1, 0.109])
  const perSecond = requests! * spans!
  const expected = {
    'spans a second': perSecond,
    'network, kB/s': (perSecond * wire!) / 1e3,
    'spans a day, million': (perSecond * 86_400) / 1e6,
    'disk a day, GB': (perSecond * 86_400 * disk!) / 1e9,
    'disk of 14 days, GB': (14 * perSecond * 86_400 * disk!) / 1e9,
  }
  for (const [name, all] of Object.entries(expected)) {
    const decimals = name.startsWith('network') ? 0 : 1
    assert.deepEqual(
      row(name),
      shares.map((share) => Number((all * share).toFixed(decimals))),
      name,
    )
  }
})

test('the figures of performance are those that were measured', () => {
  const measured = page('../../../docs/PERFORMANCE.md')
  const contenders = [
    /@rustok\/telemetry/,
    /@opentelemetry\/sdk-trace|auto-instrumentations-node/,
    /dd-trace/,
  ]
  const table = page('../../../docs/OPENTELEMETRY_GUIDE.md')
    .split(/^## /m)
    .find((part) => part.startsWith('Performance\n'))!
    .matchAll(/^\| .*\(PERFORMANCE\.md#([\w-]+)\).*?((?: \| [^|]+){3}) \|$/gm)
  let cells = 0
  for (const [row, anchor, values] of table) {
    const section = measured.split(/^###? /m).find((part) => anchorOf(part.split('\n')[0]!) === anchor)
    assert.ok(section, row)
    for (const [index, value] of values!.split(' | ').slice(1).entries()) {
      if (value === '–') continue
      const lines: readonly string[] = section.split('\n').filter((line) => contenders[index]!.test(line))
      // As a figure of its own, not as a part of another one.
      const figure = new RegExp(`(?<![\\d.])${value.replace(/[+.]/g, '\\$&')}(?![\\d.])`)
      assert.ok(
        lines.some((line) => figure.test(line)),
        `${value} is not what was measured: ${row}`,
      )
      cells++
    }
  }
  assert.ok(cells >= 20)
})

const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-')
