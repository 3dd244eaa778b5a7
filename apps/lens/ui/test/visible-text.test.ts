import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { visibleParts } from '../src/model/visible-text.ts'
import { anyCharacter } from './any-character.ts'

describe('text from strangers', () => {
  it('names what would reverse, hide or ring', () => {
    assert.deepEqual(visibleParts('a\u202Egnp.exe\u0000'), [
      { text: 'a', isControl: false },
      { text: 'U+202E', isControl: true },
      { text: 'gnp.exe', isControl: false },
      { text: 'U+0000', isControl: true },
    ])
  })

  it('leaves lines, tabs, other scripts and joined emoji as they are', () => {
    for (const text of ['two\n\tlines', 'مرحبا', '家族 👨‍👩‍👧', 'naïve']) {
      assert.deepEqual(visibleParts(text), [{ text, isControl: false }])
    }
    assert.deepEqual(visibleParts(''), [])
  })

  it('loses nothing and leaves no direction mark, whatever the text', () => {
    const character = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.constantFrom('\u202E', '\u2066', '\u0007', 'x'),
    )
    fc.assert(
      fc.property(fc.array(character), (pieces) => {
        const text = pieces.join('')
        const parts = visibleParts(text)
        const restored = parts.map((part) =>
          part.isControl ? String.fromCharCode(Number.parseInt(part.text.slice(2), 16)) : part.text,
        )
        assert.equal(restored.join(''), text)
        assert.doesNotMatch(parts.map((part) => part.text).join(''), /[\u202A-\u202E\u2066-\u2069]/)
      }),
    )
  })
})
