import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { test } from 'node:test'
import { encodeTraceRequest, MalformedOtlpError } from '../src/index.ts'
import { requestByReference } from './support/reference.ts'
import { firstSpan, requestOf } from './support/requests.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const [readExample, writeExample, ...others] = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(
  (match) => match[1] ?? '',
)

/** Runs a code block as a module of its own, beside this file so that the package's name resolves. */
async function runExample(code: string | undefined): Promise<Record<string, unknown>> {
  assert.ok(code)
  const url = new URL(`./readme-example-${code.length}.mjs`, import.meta.url).href
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === url ? { url, shortCircuit: true } : next(specifier, context),
    load: (target, context, next) =>
      target === url ? { format: 'module', source: code, shortCircuit: true } : next(target, context),
  })
  try {
    return await import(url)
  } finally {
    hooks.deregister()
  }
}

test('runs the example that reads a request', async () => {
  const { spanNames } = (await runExample(readExample)) as { spanNames(body: Uint8Array): unknown }
  const body = encodeTraceRequest(requestOf({ name: 'GET /' }))
  assert.deepEqual(spanNames(body), ['GET /'])
  assert.match(
    String(spanNames(body.subarray(0, -2))),
    /^400: ExportTraceServiceRequest\.resourceSpans: a length of/,
  )
})

test('runs the example that writes a request', async () => {
  const { body } = (await runExample(writeExample)) as { body: Uint8Array }
  const span = firstSpan(requestByReference(body))
  assert.equal(span.name, 'GET /orders')
  assert.deepEqual(
    span.attributes.map(({ value }) => value),
    [200n, 0.75],
  )
})

test('has no other code blocks, and quotes an error as it reads', () => {
  assert.deepEqual(others, [])
  const [, quoted] = /\/\/ "(.*)"$/m.exec(readme) ?? []
  const error = new MalformedOtlpError(
    'a length of 300 runs past the end of its message at byte 90',
    'Span.name',
    24,
  )
  assert.equal(error.message, quoted)
})
