/** Log lines outside of requests: their form. (Those of requests, with their ids, are in `trace.test.ts`.) */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Logs in a process of its own, whose standard output is what is looked at. */
function output(format: 'json' | 'pretty', level: string): string {
  const module = fileURLToPath(new URL('../src/log.ts', import.meta.url))
  const toldModule = fileURLToPath(new URL('../src/telling/told.ts', import.meta.url))
  const program = `
    import { createLogger } from ${JSON.stringify(module)}
    import { told } from ${JSON.stringify(toldModule)}
    const log = createLogger({ level: '${level}', format: '${format}' })
    log.debug('too quiet')
    log.info({ url: 'http://x' }, 'hello')
    log.error({ err: new Error(told('broken')) }, 'oh')
    process.exit(0)`
  return execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
}

test('writes JSON lines with a level in words and the time in UTC, complete at exit', () => {
  const lines = output('json', 'info')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ['info', 'hello'],
      ['error', 'oh'],
    ],
  )
  assert.match(lines[0].time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(lines[0].url, 'http://x')
  assert.equal(lines[1].err.message, 'broken')
  assert.equal('trace_id' in lines[0], false)
})

test('writes for people with the format pretty, complete at exit', () => {
  const text = output('pretty', 'info')
  assert.match(text, /INFO.*hello/)
  assert.match(text, /ERROR.*oh/)
  assert.match(text, /broken/)
  assert.doesNotMatch(text, /^\{|quiet/m)
})
