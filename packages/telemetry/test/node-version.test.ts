/** On a Node.js that publishes too little, tracing says so instead of making traces without their servers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkNode } from '../src/node-version.ts'
import { run } from './support/run.ts'

test('Node 22.15 is the first that tracing starts on', () => {
  for (const version of ['18.20.8', '20.20.2', '21.7.3', '22.14.0'])
    assert.throws(() => checkNode(version), { code: 'UNSUPPORTED_NODE' }, version)
  for (const version of ['22.15.0', '23.0.0', '24.21.0', '26.10.0', '100.0.0-nightly']) checkNode(version)
})

test('on an older one, register leaves the application untraced and says why in a line', async () => {
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`
  const register = fileURLToPath(new URL('../src/register.ts', import.meta.url))
  const { code, stdout, stderr } = await run([
    ...['--import', `data:text/javascript,${encodeURIComponent(older)}`, '--import', register],
    ...['--eval', 'console.log("runs")'],
  ])
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'runs\n' })
  assert.match(
    stderr,
    /did not start tracing.*This Node.js is too old: tracing needs 22\.15 or later: it is 20\.20\.2/s,
  )
})
