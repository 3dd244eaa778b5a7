import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Attribute } from 'rustok-lens/contract'
import { attributeText, documentLanguage, httpLink, matchingAttributes } from '../src/model/attributes.ts'
import { type Language, tokenize } from '../src/model/tokens.ts'
import { anyCharacter } from './any-character.ts'

const attribute = (key: string, value: string): Attribute => ({ key, type: 'string', value })

describe('attributes', () => {
  it('are found by words in key or value, in any case, and sorted by key', () => {
    const list = [
      attribute('url.path', '/graphql'),
      attribute('db.query.text', 'SELECT 1'),
      attribute('db.system', 'postgres'),
    ]
    assert.deepEqual(
      matchingAttributes(list, 'DB').map(({ key }) => key),
      ['db.query.text', 'db.system'],
    )
    assert.deepEqual(
      matchingAttributes(list, 'select db').map(({ key }) => key),
      ['db.query.text'],
    )
    assert.deepEqual(matchingAttributes(list, 'mysql'), [])
    assert.equal(matchingAttributes(list, ' ').length, 3)
  })

  it('are text, whatever their type', () => {
    assert.equal(attributeText('<b>x</b>'), '<b>x</b>')
    assert.equal(attributeText(false), 'false')
    assert.equal(attributeText(null), '')
    assert.equal(attributeText([1, 'a']), '[\n  1,\n  "a"\n]')
  })

  it('become links only when they are plainly http or https', () => {
    assert.equal(httpLink('https://example.com/a?b=1'), 'https://example.com/a?b=1')
    assert.equal(httpLink('HTTP://example.com'), 'http://example.com/')
    for (const bad of [
      'javascript:alert(1)',
      'java\nscript:alert(1)',
      ' https://example.com',
      'https://example.com evil',
      'data:text/html,x',
      'vbscript:x',
      '//example.com',
      'https:',
      'ftp://example.com',
      `https://example.com/${'a'.repeat(3000)}`,
    ]) {
      assert.equal(httpLink(bad), undefined, bad)
    }
  })

  it('never become a link with another scheme, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        const href = httpLink(text)
        if (href !== undefined) assert.match(href, /^https?:\/\//)
      }),
    )
  })

  it('are documents when their key or their form says so', () => {
    assert.equal(documentLanguage('db.query.text', 'select 1'), 'sql')
    assert.equal(documentLanguage('graphql.document', '{ me }'), 'graphql')
    assert.equal(
      documentLanguage('body', JSON.stringify({ order: { lines: [1, 2, 3], total: '12.00 EUR' } })),
      'json',
    )
    assert.equal(documentLanguage('body', '{ not json, but as long as json would be }'), undefined)
    assert.equal(documentLanguage('note', 'two\nlines'), 'text')
    assert.equal(documentLanguage('url.path', '/x'), undefined)
  })
})

describe('tokens', () => {
  const kinds = (document: string, language: Language) =>
    tokenize(document, language)
      .filter(({ kind }) => kind !== 'plain')
      .map(({ kind, text }) => `${kind}:${text}`)

  it('tell the parts of SQL', () => {
    assert.deepEqual(kinds(`select "id" from nodes where title = 'it''s' and n > $1 -- all`, 'sql'), [
      'keyword:select',
      'name:"id"',
      'keyword:from',
      'keyword:where',
      "string:'it''s'",
      'keyword:and',
      'name:$1',
      'comment:-- all',
    ])
  })

  it('tell the parts of GraphQL and JSON', () => {
    assert.deepEqual(kinds('query Q($id: ID!) { node(id: $id, n: 3) { id } }', 'graphql'), [
      'keyword:query',
      'name:$id',
      'name:$id',
      'number:3',
    ])
    assert.deepEqual(kinds('{"a": "b", "c": -1.5e3, "d": null}', 'json'), [
      'name:"a"',
      'string:"b"',
      'name:"c"',
      'number:-1.5e3',
      'name:"d"',
      'keyword:null',
    ])
  })

  it('joined are the document, for any text in any language', () => {
    const fragment = fc.constantFrom(
      "'",
      '"',
      '/*',
      '*/',
      '--',
      '#',
      '\\',
      '\n',
      '$1',
      'select',
      '{',
      '}',
      ':',
      ' ',
    )
    const document = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.array(fragment).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(document, fc.constantFrom<Language>('sql', 'graphql', 'json'), (text, language) => {
        assert.equal(
          tokenize(text, language)
            .map((token) => token.text)
            .join(''),
          text,
        )
      }),
    )
  })
})
