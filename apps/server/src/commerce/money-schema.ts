/** GraphQL of money. */
import { builder } from '../graphql/builder.ts'
import type { Money } from './money.ts'

export const MoneyType = builder.objectRef<Money>('Money').implement({
  description: 'An amount in a currency, exact.',
  fields: (t) => ({
    amountMinor: t.expose('amountMinor', {
      type: 'MinorUnits',
      description: "In the currency's smallest unit: 1250 for 12.50 EUR, and for 1250 JPY.",
    }),
    currency: t.exposeString('currency', { description: 'ISO 4217.' }),
    decimal: t.exposeString('decimal', { description: 'As people write it: `12.50`.' }),
  }),
})

export const MoneyInput = builder.inputType('MoneyInput', {
  description: 'An amount in a currency, exact.',
  fields: (t) => ({
    amountMinor: t.field({ type: 'MinorUnits', description: "In the currency's smallest unit." }),
    currency: t.string({ description: 'ISO 4217, as "EUR".' }),
  }),
})
