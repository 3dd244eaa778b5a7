/**
 * What an attribute's value passes through before it is recorded, and the rules for it, which hold for the whole process: keys are interned
 * once in it. Set when tracing starts, used by whatever records.
 */
import {
  type AttributeInput,
  type AttributeKey,
  type AttributesBeside,
  setAttributeRules,
} from '@rustok/otlp'
import type { RedactionFields } from '../config/redaction.ts'
import { looksSecret, redactText } from './redact-text.ts'
import { redacted } from './redact-url.ts'
import { addedRule, builtInRule } from './rules.ts'

/** Whether values are looked at, too. */
let active = false

export function startRedaction({ redaction, redactionRules }: RedactionFields): void {
  active = redaction
  setAttributeRules((name) => addedRule(redactionRules, name) ?? (redaction ? builtInRule(name) : undefined))
}

/** The value to record; undefined leaves the attribute out. `beside` are the attributes that are there already. */
export function toRecorded(
  key: AttributeKey,
  value: AttributeInput,
  beside: AttributesBeside,
): AttributeInput {
  if (key.rule !== undefined) return key.rule(value, beside)
  return typeof value === 'string' && isSecret(value) ? redacted : value
}

/** Whether the value of a key without a rule is not recorded. */
export function isSecret(value: string): boolean {
  return active && looksSecret(value)
}

/** A text that is no attribute, such as the message of a status. */
export function toRecordedText(text: string): string {
  return active ? redactText(text) : text
}
