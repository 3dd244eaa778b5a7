import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { curlCommand, withTimes } from '../src/model/copied.ts'
import { rangeOf } from '../src/model/search-state.ts'

describe('what is copied of a page', () => {
  it('is a command of which a shell makes the very address, and a token of the environment', () => {
    const texts = fc.sample(fc.string({ unit: 'binary-ascii' }), { numRuns: 60, seed: 7 })
    const hostile = [`'; touch /tmp/x; '`, '$(id)', '`id`', '\\', '"', '\n', '{a,b}', '[1-3]', "a'b'c"]
    const addresses = [...texts, ...hostile]
      .filter((text) => !text.includes('\0'))
      .map((text) => `http://lens:16686/?query=${text.toWellFormed()}`)
    // One shell for all: curl is a function that prints its words.
    const commands = addresses.map((address) => curlCommand(address, { login: true }))
    const script = `curl() { for word; do printf '%s\\0' "$word"; done; }\nLENS_TOKEN='a secret'\n${commands.join('\n')}`
    const words = execFileSync('sh', { input: script, encoding: 'utf8' }).split('\0').slice(0, -1)
    assert.deepEqual(
      words,
      addresses.flatMap((address) => ['-sS', '-H', 'authorization: Bearer a secret', address]),
    )
  })

  it('asks for no token where there is none', () => {
    assert.equal(curlCommand('http://lens/', { login: false }), "curl -sS 'http://lens/'")
  })

  it('is about the same time tomorrow', () => {
    const now = Date.UTC(2026, 2, 14, 13, 5)
    const fixed = withTimes({ tenant: 'acme', lookback: '6h' }, now)
    assert.deepEqual(fixed, { tenant: 'acme', start: now - 6 * 3_600_000, end: now })
    assert.deepEqual(rangeOf(fixed, now + 86_400_000), rangeOf({ lookback: '6h' }, now))
    assert.equal(withTimes(fixed, now + 1), fixed)
  })
})
