/**
 * Environment variables in the values of a configuration file (specification: Configuration, "Environment variable substitution"):
 * `${NAME}`, `${env:NAME}`, `${NAME:-default}`, and `$$` for a dollar sign. What is put in is not looked at again.
 */
import type { Environment } from '../env-reader.ts'

const reference =
  /\$\$|\$\{(?:(?:env:)?(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>[^\n}]*))?\}|(?<rest>[^}\n]*\}?))/g

/** @throws SyntaxError for a reference that is none. */
export function substitute(text: string, env: Environment): string {
  return text.replace(reference, (whole, ...args) => {
    if (whole === '$$') return '$'
    const { name, fallback = '' } = args.at(-1) as { readonly name?: string; readonly fallback?: string }
    if (name === undefined) {
      throw new SyntaxError(
        `'${whole}' is no reference: \${NAME}, \${env:NAME} or \${NAME:-default} is, and $$ is a $`,
      )
    }
    return env[name] || fallback
  })
}

export function hasReferences(text: string): boolean {
  return text.includes('$')
}

/** A bare value after substitution has the type that it would have had in the file (YAML 1.2, core schema). */
export function typed(text: string): string | number | boolean | null {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(text)) return text.toLowerCase() === 'true'
  if (/^[-+]?(?:0|[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/.test(text)) return Number(text)
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text)
  return text
}
