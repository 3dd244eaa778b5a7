/**
 * What an attribute's value passes through before it is recorded, and the rules for it, which hold for the whole process: keys are interned
 * once in it. Set when tracing starts, used by whatever records.
 */
import {
  type AttributeInput,
  type AttributeKey,
  type AttributeRule,
  type AttributesBeside,
  setAttributeRules,
} from '@rustok/otlp'
import type { RedactionFields } from '../config/redaction.ts'
import { looksSecret, redactText } from './redact-text.ts'
import { redacted } from './redact-url.ts'
import { addedRule, builtInRule } from './rules.ts'

/** Whether values are looked at, too. */
let active = false
/** Of the application, for messages of statuses: they have no attribute's name but this one, by which other systems show them. */
const statusName = 'otel.status_description'
let statusRule: AttributeRule | undefined
let messageRule: AttributeRule | undefined

export function startRedaction({ redaction, redactionRules }: RedactionFields): void {
  active = redaction
  statusRule = addedRule(redactionRules, statusName)
  messageRule = addedRule(redactionRules, 'exception.message')
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

/** The message of a status, which is no attribute. */
export function toRecordedText(text: string): string {
  if (statusRule === undefined || text === '') return active ? redactText(text) : text
  const recorded = statusRule(text, nothingBeside)
  return typeof recorded === 'string' ? recorded : ''
}

/** A stack repeats the message of its error in front, so that the application's rule for that one holds here, too. */
export function withRecordedMessage(stack: string, message: string | undefined): string {
  if (messageRule === undefined || typeof message !== 'string' || message === '') return stack
  const named = stack.indexOf(`: ${message}`)
  const start = named < 0 ? stack.indexOf(message) : named + 2
  if (start < 0) return stack
  const recorded = messageRule(message, nothingBeside)
  return `${stack.slice(0, start)}${typeof recorded === 'string' ? recorded : ''}${stack.slice(start + message.length)}`
}

const nothingBeside: AttributesBeside = { get: () => undefined }
