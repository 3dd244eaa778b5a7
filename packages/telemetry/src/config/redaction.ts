/** What is taken out of attributes before they are recorded. */

import { expect } from '../field-checks.ts'
import type { RedactionRule } from '../redact/rules.ts'
import type { EnvReader } from './env-reader.ts'

export interface RedactionFields {
  /** Whether the built-in rules apply: credentials in URLs and headers, literals of statements, secrets by name. */
  readonly redaction: boolean
  /** Further rules; the first that names an attribute applies, instead of the built-in one. */
  readonly redactionRules: readonly RedactionRule[]
}

export const redactionDefaults: RedactionFields = { redaction: true, redactionRules: [] }

export function readRedaction(reader: EnvReader): Partial<RedactionFields> {
  const names = reader.text('RUSTOK_REDACT_ATTRIBUTES')?.split(',') ?? []
  return {
    redaction: reader.boolean('RUSTOK_REDACTION', true),
    redactionRules: names
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .map((attribute) => ({ attribute: attribute.includes('*') ? wildcard(attribute) : attribute })),
  }
}

export function checkRedaction({ redactionRules }: RedactionFields): void {
  for (const [index, { attribute, redact }] of redactionRules.entries()) {
    const named = typeof attribute === 'string' ? attribute !== '' : attribute instanceof RegExp
    expect(named, `redactionRules[${index}].attribute must be a name or a RegExp`)
    const callable = redact === undefined || typeof redact === 'function'
    expect(callable, `redactionRules[${index}].redact must be a function`)
  }
}

/** `*` stands for any characters. */
function wildcard(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
