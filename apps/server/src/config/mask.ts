/** What of a setting's text may be seen by whoever reads a terminal or a log. */
import type { Setting } from './setting.ts'

const MASK = '***'

/** Without passwords, tokens and secrets. */
export function masked({ secret }: Pick<Setting<unknown>, 'secret'>, text: string): string {
  if (secret === 'all') return `${MASK} (${Buffer.byteLength(text)} bytes)`
  return secret === 'url' ? maskedUrl(text) : text
}

/** Of several URLs, separated by commas, too. A name before `:` is shown; one alone may be a token. */
function maskedUrl(text: string): string {
  return text
    .replaceAll(/\/\/([^/?#@]*)@/g, (_, access: string) => {
      const [name, ...password] = access.split(':')
      return password.length === 0 ? `//${MASK}@` : `//${name}:${MASK}@`
    })
    .replaceAll(/([?&][^=&#,\s]+)=[^&#,\s]*/g, `$1=${MASK}`)
}
