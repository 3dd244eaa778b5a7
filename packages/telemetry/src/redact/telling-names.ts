/**
 * Names that tell that a secret follows: of query parameters, of attributes, of pairs in a text. Names of attributes are chosen by programmers
 * and have fixed meanings, so fewer words count there: `aws.s3.key` and `session.id` are no secrets.
 */

/** Anywhere in a name, also without anything between it and the next word: `accessToken`, `X-Amz-Security-Token`, `awsaccesskeyid`. */
const anywhere =
  /token|secret|passw|passphrase|credential|signature|authoriz|session|api[._-]?key|access[._-]?key|private[._-]?key|jwt/i
/** As a word of its own alone: `sig`, `auth_key`, but neither `design` nor `keyword` nor `author`. */
const asWord = /(?:^|[^a-z])(?:key|sig|pwd|pass|auth|sid|pin|otp|code_verifier|client_assertion)(?:[^a-z]|$)/i

const attribute =
  /passw|passphrase|(?:^|[._-])pwd$|secret|credential|api[._-]?key|access[._-]?key|private[._-]?key|authorization|(?:^|[._-])(?:cookies?|set-cookie|jwt)$|(?:^|[._-]|access|refresh|bearer|csrf|auth|session)[._-]?token$/i

/**
 * What may be telling in a whole query string, to be looked at closer: most have nothing of it. `code` as in an authorization response, a
 * percent sign as it may hide any of them.
 */
export const tellingInQuery: RegExp = new RegExp(`${anywhere.source}|${asWord.source}|code=|%`, 'gi')

/** Whether the value of a query parameter, a form field or a pair in a text must not be recorded. */
export function isTellingParameter(name: string): boolean {
  return anywhere.test(name) || asWord.test(name)
}

/** Whether the value of a span attribute of this name must not be recorded. */
export function isTellingAttribute(name: string): boolean {
  return attribute.test(name)
}
