/** Routes that count: facets, the strip over time, latencies. */

import type { FastifyInstance } from 'fastify'
import { type Facet, facets, usualFacets } from '../../query/facets.ts'
import { heatmap } from '../../query/heatmap.ts'
import { histogram } from '../../query/histogram.ts'
import { withKnownTokens } from '../../query/known-tokens.ts'
import { latency } from '../../query/latency.ts'
import type { Measured } from '../../query/measured.ts'
import { clientGone } from '../client-gone.ts'
import type { FacetsResponse, HeatmapResponse, HistogramResponse, LatencyResponse } from '../contract.ts'
import { badParameter } from '../problem.ts'
import { searchParameters } from '../search-parameters.ts'
import { fieldNamed } from './field-named.ts'
import { takeParameters } from './own-parameters.ts'

export async function countsRoutes(app: FastifyInstance): Promise<void> {
  app.get('/facets', async (request, reply): Promise<FacetsResponse> => {
    const { own, rest } = takeParameters(request.query, ['fields'])
    const { filter } = searchParameters(rest, Date.now())
    const fields = facetsOf(own.fields)
    const options = { signal: clientGone(reply) }
    const known = await withKnownTokens(request.store, filter, options)
    return facets(request.store, known, fields, options)
  })

  app.get('/histogram', async (request, reply): Promise<HistogramResponse> => {
    const { filter } = searchParameters(request.query, Date.now())
    const options = { signal: clientGone(reply) }
    return histogram(request.store, await withKnownTokens(request.store, filter, options), options)
  })

  app.get('/latency', async (request, reply): Promise<LatencyResponse> => {
    const { own, rest } = takeParameters(request.query, ['of'])
    const { filter } = searchParameters(rest, Date.now())
    const of = measured(own.of)
    const options = { signal: clientGone(reply) }
    return latency(request.store, await withKnownTokens(request.store, filter, options), of, options)
  })

  app.get('/heatmap', async (request, reply): Promise<HeatmapResponse> => {
    const { own, rest } = takeParameters(request.query, ['of'])
    const { filter } = searchParameters(rest, Date.now())
    const of = measured(own.of)
    const options = { signal: clientGone(reply) }
    return heatmap(request.store, await withKnownTokens(request.store, filter, options), of, options)
  })
}

/** Each attribute is a pass over all attributes. */
const mostFields = 10

function facetsOf(text: string | undefined): readonly Facet[] {
  if (text === undefined) return usualFacets
  const names = text.split(',')
  if (names.length > mostFields) throw badParameter('fields', `more than ${mostFields}`)
  return names.map((name) => facetOf(name.trim()))
}

function facetOf(name: string): Facet {
  const usual = usualFacets.find((facet) => facet.name === (name === 'name' ? 'operation' : name))
  if (usual !== undefined) return usual
  const field = fieldNamed(name, 'fields')
  if (field.type === 'attribute') return { name, attribute: field }
  throw badParameter(
    'fields',
    `${name} cannot be counted; there are ${usualFacets.map((one) => one.name).join(', ')}, and attributes`,
  )
}

function measured(of: string | undefined): Measured {
  if (of === undefined || of === 'traces' || of === 'spans') return of ?? 'traces'
  throw badParameter('of', `${JSON.stringify(of)} is neither traces nor spans`)
}
