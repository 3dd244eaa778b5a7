/** A TenantsQuery or a UsersQuery from a query string. */

import { bucketSize } from '../../query/histogram.ts'
import { type RequestQuestion, type RequestSort, requestSorts } from '../../query/request-statistics.ts'
import { badParameter } from '../problem.ts'
import { searchParameters } from '../search-parameters.ts'
import { takeParameters } from './own-parameters.ts'

const ownNames = ['contains', 'sort', 'order', 'offset', 'noTenant'] as const
const rangeNames = ['start', 'end', 'lookback', 'limit']
type Own = Partial<Record<(typeof ownNames)[number], string>>

const longestContains = 1024
const largestOffset = 1_000_000

/** Throws ProblemError. `now` is in Unix milliseconds. */
export function requestQuestion(query: unknown, by: RequestQuestion['by'], now: number): RequestQuestion {
  const { own, rest } = takeParameters(query, ownNames)
  const names = by === 'user' ? [...rangeNames, 'tenant'] : rangeNames
  const ours = by === 'user' ? ownNames : ownNames.filter((name) => name !== 'noTenant')
  for (const name of [...Object.keys(rest), ...Object.keys(own)]) {
    if (names.includes(name) || ours.some((known) => known === name)) continue
    throw badParameter(name, `unknown; there are ${[...names, ...ours].join(', ')}`)
  }
  const { filter, limit } = searchParameters(rest, now)
  const { from, to } = filter
  const sort = sortOf(own, by)
  return {
    by,
    from,
    to,
    tenant: tenantOf(own, filter.tenant),
    contains: containsOf(own),
    sort,
    order: orderOf(own, sort),
    limit,
    offset: offsetOf(own),
    // Half as many buckets as a histogram has: a sparkline is small.
    bucket: BigInt(bucketSize(2 * Number((to - from) / 1_000_000n))) * 1_000_000n,
  }
}

function tenantOf({ noTenant }: Own, tenant: string | undefined): string | undefined {
  if (noTenant === undefined) return tenant
  if (noTenant !== 'true') throw badParameter('noTenant', `${JSON.stringify(noTenant)} is not true`)
  if (tenant !== undefined) throw badParameter('noTenant', 'not together with tenant')
  return ''
}

function containsOf({ contains }: Own): string | undefined {
  if (contains === undefined || contains.length <= longestContains) return contains
  throw badParameter('contains', `longer than ${longestContains} characters`)
}

function sortOf({ sort }: Own, by: RequestQuestion['by']): RequestSort {
  const sorts = requestSorts.filter((name) => name !== (by === 'tenant' ? 'user' : 'users'))
  if (sort === undefined) return 'requests'
  const known = sorts.find((name) => name === sort)
  if (known === undefined)
    throw badParameter('sort', `${JSON.stringify(sort)} is none of ${sorts.join(', ')}`)
  return known
}

function orderOf({ order }: Own, sort: RequestSort): 'asc' | 'desc' {
  if (order === 'asc' || order === 'desc') return order
  if (order !== undefined) throw badParameter('order', `${JSON.stringify(order)} is neither asc nor desc`)
  return sort === 'tenant' || sort === 'user' ? 'asc' : 'desc'
}

function offsetOf({ offset }: Own): number {
  if (offset === undefined) return 0
  const number = Number(offset)
  if (!/^\d{1,7}$/.test(offset) || number > largestOffset) {
    throw badParameter('offset', `${JSON.stringify(offset)} is no number from 0 to ${largestOffset}`)
  }
  return number
}
