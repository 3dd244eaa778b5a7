/** Where a page of a connection ends, for every connection. */
import { builder } from './builder.ts'

export interface PageInfo {
  readonly hasNextPage: boolean
  readonly endCursor: string | undefined
}

export const PageInfoType = builder.objectRef<PageInfo>('PageInfo').implement({
  description: 'Whether there is more, and where it starts.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage'),
    endCursor: t.exposeString('endCursor', { nullable: true }),
  }),
})
