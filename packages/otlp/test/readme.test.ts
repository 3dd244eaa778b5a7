import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { encodeTraceRequest, MalformedOtlpError } from '../src/index.ts'
import { requestByReference } from './support/reference.ts'
import { firstSpan, requestOf } from './support/requests.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const [readExample, writeExample, ...others] = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(
  (match) => match[1] ?? '',
)

/** What a program prints that begins with a code block, run in the package's folder so that its name resolves. */
function run(code: string | undefined, rest: string): string {
  assert.ok(code)
  const options = { cwd: new URL('..', import.meta.url), encoding: 'utf8' } as const
  return execFileSync(process.execPath, ['--input-type=module', '--eval', `${code}\n${rest}`], options).trim()
}

test('runs the example that reads a request', () => {
  const print = (body: Uint8Array) =>
    `console.log(JSON.stringify(spanNames(Buffer.from('${Buffer.from(body).toString('hex')}', 'hex'))))`
  const body = encodeTraceRequest(requestOf({ name: 'GET /' }))
  assert.equal(run(readExample, print(body)), '["GET /"]')
  assert.match(
    run(readExample, print(body.subarray(0, -2))),
    /^"400: ExportTraceServiceRequest\.resourceSpans: a length of/,
  )
})

test('runs the example that writes a request', () => {
  const printed = run(writeExample, `console.log(Buffer.from(body).toString('hex'))`)
  const span = firstSpan(requestByReference(Buffer.from(printed, 'hex')))
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
