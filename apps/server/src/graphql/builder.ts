/**
 * The Pothos builder that the domains' `*-schema.ts` modules add their types to. Fields are non-null and inputs required unless
 * they say otherwise, so that a `null` in an answer always means something.
 */
import SchemaBuilder from '@pothos/core'
import DataloaderPlugin from '@pothos/plugin-dataloader'
import type { GraphQLContext } from './context.ts'

interface SchemaOptions {
  Context: GraphQLContext
  DefaultFieldNullability: false
  DefaultInputFieldRequiredness: true
  Scalars: {
    DateTime: { Input: Date; Output: Date }
    ID: { Input: string; Output: string }
    MinorUnits: { Input: number; Output: number }
  }
}

export const builder = new SchemaBuilder<SchemaOptions>({
  plugins: [DataloaderPlugin],
  defaultFieldNullability: false,
  defaultInputFieldRequiredness: true,
})

/** What types of Pothos that a helper takes or gives are parametrised with. */
export type SchemaTypes = typeof builder.$inferSchemaTypes

builder.queryType({})
builder.mutationType({})

builder.scalarType('DateTime', {
  description: 'A point in time, as RFC 3339 in UTC.',
  serialize: (date) => date.toISOString(),
  parseValue: (value) => {
    const date = typeof value === 'string' ? new Date(value) : undefined
    if (date === undefined || Number.isNaN(date.getTime())) throw new TypeError('DateTime must be RFC 3339')
    return date
  },
})

builder.scalarType('MinorUnits', {
  description: "An amount of money as an integer of its currency's smallest unit, up to 2^53 - 1.",
  serialize: (amount) => amount,
  parseValue: (value) => {
    if (!Number.isSafeInteger(value)) throw new TypeError('MinorUnits must be an integer')
    return value as number
  },
})
