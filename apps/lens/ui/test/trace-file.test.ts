/** Files of traces: what is sent of them, and what is said of those that are none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traceFileBody } from '../src/model/trace-file.ts'

const spans = (name: string) => ({ scopeSpans: [{ spans: [{ name }] }] })

test('one value of JSON is sent as it is, on one line or many', () => {
  for (const text of [
    JSON.stringify({ resourceSpans: [spans('a')] }),
    JSON.stringify({ data: [{ traceID: '1' }] }, undefined, 2),
    '[{"traceId":"1"}]',
  ]) {
    assert.equal(traceFileBody(text), text)
    assert.equal(traceFileBody(`\uFEFF${text}\r\n`), text)
  }
})

test('lines of OTLP, as the Collector writes them, are sent as one', () => {
  const lines = [
    { resourceSpans: [spans('a'), spans('b')] },
    { resourceLogs: [] },
    { resourceSpans: [spans('c')] },
  ]
  const body = traceFileBody(`${lines.map((line) => JSON.stringify(line)).join('\r\n')}\n\n`)
  assert.deepEqual(JSON.parse(body), { resourceSpans: [spans('a'), spans('b'), spans('c')] })
})

test('what is none is told apart, with the line', () => {
  assert.throws(() => traceFileBody(' \n'), { message: 'The file is empty.' })
  assert.throws(() => traceFileBody('PK\u0003'), { message: /^This is no JSON\./ })
  assert.throws(() => traceFileBody('{"resourceSpans": ['), { message: /^The JSON is broken: / })
  assert.throws(() => traceFileBody('{"resourceSpans":[]}\n{"resourceSpans":'), {
    message: /^The JSON of line 2 is broken: /,
  })
  assert.throws(() => traceFileBody('{"resourceSpans":[]}\n{"resourceSpans":7}'), {
    message: 'resourceSpans of line 2 is no list.',
  })
})
