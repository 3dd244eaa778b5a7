/**
 * The tenant and the user of what is running: set once per request, put on every span below by the tracer. The two
 * attributes are encoded once per correlation and copied into each span.
 */
import { createContextKey } from '@opentelemetry/api'
import { type AttributeList, attributeKey, type PreparedAttributes, prepareAttributes } from '@rustok/otlp'

export const correlationKey = createContextKey('RusToK Context Key CORRELATION')
export const tenantKey = attributeKey('tenant_id')
export const userKey = attributeKey('user_id')

export interface CorrelationFields {
  readonly tenantId?: string | undefined
  readonly userId?: string | undefined
}

export class Correlation {
  readonly tenantId: string | undefined
  readonly userId: string | undefined
  #prepared: PreparedAttributes | undefined

  constructor(fields: CorrelationFields) {
    this.tenantId = fields.tenantId
    this.userId = fields.userId
  }

  /** The attributes as the encoder copies them. */
  get prepared(): PreparedAttributes {
    this.#prepared ??= prepareAttributes(this.#list())
    return this.#prepared
  }

  #list(): AttributeList {
    const list: AttributeList = []
    if (this.tenantId !== undefined) list.push(tenantKey, this.tenantId)
    if (this.userId !== undefined) list.push(userKey, this.userId)
    return list
  }
}

/** Correlations are few (a tenant's active users), so the same fields share one object and its encoded bytes. */
const maxKnown = 4096
const known = new Map<string, Correlation>()

/** The correlation of `fields` within `outer`: what `fields` leaves out is inherited. */
export function correlationOf(fields: CorrelationFields, outer: Correlation | undefined): Correlation {
  const tenantId = asText(fields.tenantId) ?? outer?.tenantId
  const userId = asText(fields.userId) ?? outer?.userId
  const name = `${tenantId === undefined ? '' : `t${tenantId}`}\0${userId === undefined ? '' : `u${userId}`}`
  const found = known.get(name)
  if (found !== undefined) return found
  if (known.size >= maxKnown) known.clear()
  const correlation = new Correlation({ tenantId, userId })
  known.set(name, correlation)
  return correlation
}

/** Callers without types pass numbers for ids. */
function asText(id: unknown): string | undefined {
  return id === undefined || id === null ? undefined : String(id)
}
