/** GET /api/lens/compare, as contract/compare.ts describes it. */

import type { FastifyInstance } from 'fastify'
import { compareCohorts, type ComparedValue as Found } from '../../query/compare/compare-cohorts.ts'
import type { TraceFilter } from '../../query/filter.ts'
import { withKnownTokens } from '../../query/known-tokens.ts'
import { clientGone } from '../client-gone.ts'
import type { Cohort, ComparedValue, CompareResponse } from '../contract/compare.ts'
import { compareParameters } from './compare-parameters.ts'

export async function compareRoutes(app: FastifyInstance): Promise<void> {
  app.get('/compare', async (request, reply): Promise<CompareResponse> => {
    const { filter, split, unit, limit } = compareParameters(request.query, Date.now())
    const options = { signal: clientGone(reply) }
    const known = (one: TraceFilter) => withKnownTokens(request.store, one, options)
    const [ours, against] = await Promise.all([
      known(filter),
      split.by === 'filter' ? known(split.other).then((other) => ({ ...split, other })) : split,
    ])
    const found = await compareCohorts(request.store, ours, against, { unit, limit, ...options })
    const { selected, rest } = found
    return {
      unit,
      selected,
      rest,
      exact: selected.sampled === selected.total && rest.sampled === rest.total,
      values: found.values.map((value) => valueView(value, selected, rest)),
      total: found.overRepresented,
      tests: found.tests,
      identities: found.identities,
      shortened: found.shortened,
      truncated: found.truncated,
    }
  })
}

function valueView(value: Found, selected: Cohort, rest: Cohort): ComparedValue {
  const selectedShare = value.selected / selected.sampled
  const restShare = rest.sampled === 0 ? 0 : value.rest / rest.sampled
  return {
    source: value.source,
    key: value.key,
    value: value.value,
    valueTruncated: value.isCut,
    range: value.range ?? null,
    selectedCount: value.selected,
    restCount: value.rest,
    selectedShare,
    restShare,
    lift: restShare === 0 ? null : selectedShare / restShare,
    pValue: value.pValue,
    test: value.test,
    falseDiscoveryRate: value.falseDiscoveryRate,
  }
}
