/** GET /api/lens/tail, as contract/tail.ts describes it. */

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AccessError, may } from '../../access/access.ts'
import type { Gatekeeper } from '../../access/gatekeeper.ts'
import { badParameter, ProblemError } from '../problem.ts'
import { whoSends } from '../request-access.ts'
import { searchParameters } from '../search-parameters.ts'
import { EventStream } from '../tail/event-stream.ts'
import { Tail, type TailOptions } from '../tail/tail.ts'
import { TailHub, type TailLimits, TailsFullError, tailLimits } from '../tail/tail-hub.ts'
import { takeParameters } from './own-parameters.ts'

const defaultRate = 20
const highestRate = 100
/** A browser that lost its connection comes back after this. */
const reconnectMs = 2_000

export interface TailRoutesOptions {
  readonly gatekeeper: Gatekeeper
  readonly limits?: TailLimits
}

export async function tailRoutes(
  app: FastifyInstance,
  { gatekeeper, limits = tailLimits }: TailRoutesOptions,
): Promise<void> {
  const hub = new TailHub(app.log, limits)
  // Before the server waits for its connections to end.
  app.addHook('preClose', () => hub.close())

  app.get('/tail', async (request, reply) => {
    const options = tailOptions(request, Date.now())
    // Asked for once: it is whose request this is that says what its tail may see.
    const { store } = request
    const open = () => {
      reply.hijack()
      const stream = new EventStream(reply.raw, reply.getHeaders())
      stream.retryAfter(reconnectMs)
      const { unit, rate, after } = options
      stream.write([{ event: 'open', data: { unit, rate, after } }], after)
      return new Tail(store, stream, options)
    }
    try {
      const { name, tenants } = request.access
      const mayRead = () => seesStill(request, gatekeeper, tenants)
      const { remove } = hub.add({ owner: `${name} ${request.ip}`, mayRead }, open)
      reply.raw.once('close', remove)
      if (reply.raw.destroyed) remove()
    } catch (error) {
      if (!(error instanceof TailsFullError)) throw error
      reply.header('retry-after', '10')
      throw full(error)
    }
    return reply
  })
}

function seesStill(
  request: FastifyRequest,
  gatekeeper: Gatekeeper,
  tenants: readonly string[] | undefined,
): boolean {
  try {
    const access = whoSends(request, gatekeeper)
    return access !== undefined && may(access, 'read') && String(access.tenants) === String(tenants)
  } catch (error) {
    if (error instanceof AccessError) return false
    throw error
  }
}

function full({ whose, message }: TailsFullError): ProblemError {
  const [status, title] = whose === 'client' ? [429, 'Too Many Requests'] : [503, 'Service Unavailable']
  return new ProblemError({
    type: 'about:blank',
    title,
    status,
    detail: `${message}; end one, or try again later`,
  })
}

/** Throws ProblemError. */
function tailOptions({ query, headers }: FastifyRequest, nowMs: number): TailOptions {
  const { own, rest } = takeParameters(query, ['unit', 'rate'])
  for (const name of ['start', 'end', 'limit']) {
    if (Object.hasOwn(rest, name)) throw badParameter(name, 'a live tail has none; it has lookback and rate')
  }
  // Whatever is wrong is told now.
  searchParameters(rest, nowMs)
  return {
    unit: unitOf(own.unit),
    rate: rateOf(own.rate),
    filter: (now) => ({ ...searchParameters(rest, now).filter, to: endOfTime }),
    after: lastSeen(headers['last-event-id'], nowMs),
  }
}

/** Clocks of senders run ahead. */
const endOfTime = 2n ** 64n - 1n

function unitOf(unit: string | undefined): TailOptions['unit'] {
  if (unit === undefined || unit === 'traces') return 'traces'
  if (unit === 'spans') return unit
  throw badParameter('unit', `${JSON.stringify(unit)} is neither traces nor spans`)
}

function rateOf(rate: string | undefined): number {
  if (rate === undefined) return defaultRate
  const number = Number(rate)
  if (!/^\d{1,3}$/.test(rate) || number < 1 || number > highestRate) {
    throw badParameter('rate', `${JSON.stringify(rate)} is no number from 1 to ${highestRate}`)
  }
  return number
}

/** An id that is none of ours counts as absent: a client must get its stream. */
function lastSeen(id: string | string[] | undefined, nowMs: number): number {
  const now = Math.floor(nowMs / 1000) - 1
  const seen = typeof id === 'string' && /^\d{1,10}$/.test(id) ? Number(id) : now
  return Math.min(seen, now)
}
