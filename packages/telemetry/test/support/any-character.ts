/** The unit of strings of any characters, for `fc.string({ unit })`. fast-check's own `binary` is the same, and takes two seconds to build for each process. */
import fc from 'fast-check'

/** Any code point but the halves of a surrogate pair; half of them from the plane that scripts use. */
export const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10_ffff }))
  .map((codePoint) => String.fromCodePoint(codePoint))
