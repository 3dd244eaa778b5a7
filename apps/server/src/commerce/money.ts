/** Amounts of money: integers of the smallest unit of an ISO 4217 currency, never fractions. */
import type { FieldError } from '../domain/result.ts'

/** As it comes from outside. */
export interface Amount {
  readonly amountMinor: number
  readonly currency: string
}

export class Money implements Amount {
  readonly amountMinor: number
  readonly currency: string

  constructor(amountMinor: number, currency: string) {
    this.amountMinor = amountMinor
    this.currency = currency
  }

  /** As people write it, without the currency: 1250 of EUR are `12.50`, of JPY `1250`. */
  get decimal(): string {
    const digits = fractionDigits(this.currency)
    if (digits === 0) return String(this.amountMinor)
    const text = String(this.amountMinor).padStart(digits + 1, '0')
    return `${text.slice(0, -digits)}.${text.slice(-digits)}`
  }
}

/** A billion units of a currency with two digits: times the largest cart it is still an exact double. */
const MAX_PRICE = 100_000_000_000

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'))

export function checkPrice(field: string, { amountMinor, currency }: Amount): FieldError[] {
  const errors: FieldError[] = []
  if (!Number.isSafeInteger(amountMinor) || amountMinor < 0 || amountMinor > MAX_PRICE) {
    const message = `must be an integer from 0 to ${MAX_PRICE}, it is ${amountMinor}`
    errors.push({ field: `${field}.amountMinor`, message: `${field}.amountMinor ${message}` })
  }
  if (!CURRENCIES.has(currency)) {
    const message = 'must be the code of a currency by ISO 4217, as "EUR"'
    errors.push({ field: `${field}.currency`, message: `${field}.currency ${message}` })
  }
  return errors
}

const digitsOf = new Map<string, number>()

/** Making a formatter takes longer than all the rest. */
function fractionDigits(currency: string): number {
  let digits = digitsOf.get(currency)
  if (digits === undefined) {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency })
    digits = format.resolvedOptions().maximumFractionDigits ?? 2
    digitsOf.set(currency, digits)
  }
  return digits
}
