import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { complete, completionsAt, contextAt, type Known } from '../src/model/query-completion.ts'
import { anyCharacter } from './any-character.ts'

const known: Known = {
  keys: {
    sample: { oneIn: 1 },
    keys: [
      { of: 'span', key: 'http.route', type: 'string', count: 12 },
      { of: 'span', key: 'http.route', type: 'int', count: 1 },
      { of: 'resource', key: 'host.name', type: 'string', count: 30 },
      { of: 'span', key: 'name', type: 'string', count: 3 },
    ],
  },
  values: {
    sample: { oneIn: 250 },
    values: [
      { value: 'checkout', count: 7 },
      { value: 'check out "now"', count: 2 },
      { value: 'checked', count: 0 },
    ],
  },
  recent: ['error = true'],
}

/** The caret stands where `|` is. */
function at(marked: string) {
  const caret = marked.indexOf('|')
  const query = marked.replace('|', '')
  const context = contextAt(query, caret)
  return { query, context, options: completionsAt(query, context, known) }
}
const labels = (marked: string) => at(marked).options.map(({ label }) => label)
function chosen(marked: string, label: string): string {
  const { query, context, options } = at(marked)
  const option = options.find((one) => one.label === label)
  assert.ok(option, `${label} in ${options.map((one) => one.label)}`)
  const { text, caret } = complete(query, context, option.insert)
  return `${text.slice(0, caret)}|${text.slice(caret)}`
}

describe('completion of a query', () => {
  it('begins with what was asked before, then fields and attributes', () => {
    const all = labels('|')
    assert.equal(all[0], 'error = true')
    for (const label of ['service', 'trace.duration', 'http.route', 'resource.host.name', '"name"', 'not'])
      assert.ok(all.includes(label), label)
    assert.equal(all.filter((label) => label === 'http.route').length, 1)
  })

  it('finds fields and keys by the letters of any part of them', () => {
    assert.deepEqual(labels('ser|').slice(0, 2), ['service', 'trace.services'])
    assert.ok(labels('rout|').includes('http.route'))
    assert.ok(labels('host|').includes('resource.host.name'))
    assert.ok(labels('ser|').includes('ser'), 'as text')
  })

  it('writes a field, an operator and a value, each with the space that the next one needs', () => {
    assert.equal(chosen('ser|', 'service'), 'service |')
    assert.deepEqual(labels('service |'), ['=', '!=', '~', '=~'])
    assert.deepEqual(labels('duration |').slice(0, 2), ['>', '>='])
    assert.equal(chosen('service |', '='), 'service = |')
    assert.equal(chosen('service = che|', 'checkout'), 'service = checkout |')
    assert.equal(chosen('service = |', 'check out "now"'), 'service = "check out \\"now\\"" |')
    assert.equal(chosen('service = "check o|', 'check out "now"'), 'service = "check out \\"now\\"" |')
    assert.deepEqual(labels('service = checkout |'), ['and', 'or'])
    assert.deepEqual(labels('{ service = checkout |'), ['}', 'and', 'or'])
  })

  it('replaces the word under the caret, and keeps what stands around it', () => {
    assert.equal(
      chosen('serv| = x and error = true', 'service'),
      'service | = x and error = true'.replace(' | ', ' |'),
    )
    assert.equal(
      chosen('status = | and name = x', 'error'),
      'status = error | and name = x'.replace(' | ', ' |'),
    )
  })

  it('knows the values of fields that have but a few', () => {
    assert.deepEqual(labels('status = |'), ['error', 'ok', 'unset'])
    assert.deepEqual(labels('root=|'), ['true', 'false'])
    assert.deepEqual(labels('kind != s|'), ['server'])
    assert.ok(labels('trace.duration > |').includes('1s'))
  })

  it('does not offer what is about the trace inside of braces', () => {
    assert.ok(!labels('{ |').includes('trace.spans'))
    assert.ok(!labels('{ |').includes('{ … }'))
    assert.ok(labels('(|').includes('trace.spans'))
  })

  it('offers keys in has(…), and the end of it', () => {
    assert.equal(chosen('has(rou|', 'http.route'), 'has(http.route)|')
  })

  it('says of which field a value is asked, also where its key is in quotes', () => {
    assert.equal(at('a.b = 1 and http.route = /x|').context.field, 'http.route')
    assert.equal(at('span."my key" = |').context.field, 'span.my key')
  })

  it('takes any text and any caret, and changes nothing but the word there', () => {
    const text = fc.array(
      fc.oneof(
        fc.constantFrom('service', '=', ' ', 'and', '(', '}', '"', '\\', 'has(', 'span.', '~', '!', 'x'),
        fc.string({ unit: anyCharacter, maxLength: 4 }),
      ),
    )
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), (parts, caretSeed, optionSeed) => {
        const query = parts.join('')
        const caret = query.length === 0 ? 0 : caretSeed % (query.length + 1)
        const context = contextAt(query, caret)
        assert.ok(context.from <= caret && caret <= context.to)
        const options = completionsAt(query, context, known)
        const option = options[optionSeed % Math.max(1, options.length)]
        if (option === undefined) return
        const next = complete(query, context, option.insert)
        assert.ok(next.text.startsWith(query.slice(0, context.from)))
        assert.ok(next.text.endsWith(query.slice(context.to)))
        assert.ok(next.caret <= next.text.length)
      }),
    )
  })

  it('says how many spans have a value: of a sample about, and that one is rare', () => {
    const details = (marked: string) => at(marked).options.map(({ label, detail }) => [label, detail])
    assert.deepEqual(details('service = ch|'), [
      ['checkout', 'about 1,750 spans'],
      ['check out "now"', 'about 500 spans'],
      ['checked', 'rare'],
    ])
    assert.deepEqual(details('host|')[0], ['resource.host.name', 'resource, string, 30 spans'])
  })
})
