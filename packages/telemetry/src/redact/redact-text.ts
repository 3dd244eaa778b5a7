/**
 * Takes secrets out of texts that hold anything: messages and stacks of exceptions, status messages. They are rare, so the whole text is
 * searched; attributes go by their names instead.
 */
import { redacted, redactQuery } from './redact-url.ts'
import { isTellingParameter } from './telling-names.ts'

/** Three base64url parts of which the first is a JSON object. Bounded, so that no text takes a time beyond its length. */
const jwt = /\beyJ[\w-]{8,1024}\.[\w-]{8,4096}\.[\w-]*/g
/** No text is recorded beyond this; what is not searched is not recorded either. */
const maxSearched = 1_048_576

const scheme = /\b(Bearer|Basic|Digest|Negotiate)\s+[\w.~+/=:-]{8,}/gi
const userInfo = /(?<=:\/\/)[^\s/?#@"'`<>]{1,512}@/g
const query = /(?<=[^\s"'`<>]\?)[^\s"'`<>()]+/g
/** `password=…`, `"token": "…"`; prose such as `unexpected token: x` is none. The value ends with its quote, a blank, or what separates pairs. */
const pair =
  /(?:\b([\w.-]{1,64})\s*=\s*|(["'`])([\w.-]{1,64})\2\s*:\s*)("[^"\n]*"|'[^'\n]*'|`[^`\n]*`|[^\s"'`,;&(){}[\]<>]+)/g

export function redactText(text: string): string {
  const searched = text.length > maxSearched ? text.slice(0, maxSearched) : text
  return searched
    .replace(jwt, redacted)
    .replace(scheme, `$1 ${redacted}`)
    .replace(userInfo, `${redacted}@`)
    .replace(query, redactQuery)
    .replace(
      pair,
      (whole: string, plain: string | undefined, _quote, quoted: string | undefined, value: string) => {
        if (!isTellingParameter(plain ?? quoted ?? '') || value.includes(redacted)) return whole
        const mark = /["'`]/.test(value[0] ?? '') ? value[0] : ''
        return `${whole.slice(0, whole.length - value.length)}${mark}${redacted}${mark}`
      },
    )
}

/** A value that is nothing but a token, whatever the attribute is called. */
export function looksSecret(value: string): boolean {
  // 'eyJ' begins a JWT, 'Be' and 'Ba' what an Authorization header holds: two comparisons for nearly every value.
  const first = value.charCodeAt(0)
  if (first === 0x65) return value.startsWith('eyJ') && value.search(jwt) === 0
  return first === 0x42 && value.search(scheme) === 0
}
