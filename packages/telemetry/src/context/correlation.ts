/**
 * The tenant and the user of what is running: set once per request, put on every span below by the tracer. The two
 * attributes are encoded once per correlation and copied into each span.
 */
import { createContextKey } from '@opentelemetry/api'
import {
  type AttributeKey,
  type AttributeList,
  attributeKey,
  type PreparedAttributes,
  prepareAttributes,
} from '@rustok/otlp'
import { toName } from '../trace/attribute-value.ts'

export const correlationKey = createContextKey('RusToK Context Key CORRELATION')
const tenantKey = attributeKey('tenant_id')
const userKey = attributeKey('user_id')

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

  /** What a span with attributes of its own, and soon another one, still lacks: what it says itself wins. */
  preparedBeside(
    own: { has(key: AttributeKey): boolean },
    next?: AttributeKey,
  ): PreparedAttributes | undefined {
    const lacks = (key: AttributeKey) => key !== next && !own.has(key)
    const lacksTenant = lacks(tenantKey)
    const lacksUser = lacks(userKey)
    if (lacksTenant && lacksUser) return this.prepared
    const tenantId = lacksTenant ? this.tenantId : undefined
    const userId = lacksUser ? this.userId : undefined
    if (tenantId === undefined && userId === undefined) return undefined
    return correlationOf({ tenantId, userId }, undefined).prepared
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
/** Characters of both ids; with longer ones the table would be bounded in number alone. */
const maxKnownLength = 512
const known = new Map<string, Correlation>()

/** The correlation of `fields` within `outer`: what `fields` leaves out is inherited. */
export function correlationOf(fields: CorrelationFields, outer: Correlation | undefined): Correlation {
  const tenantId = asText(fields.tenantId) ?? outer?.tenantId
  const userId = asText(fields.userId) ?? outer?.userId
  const tenant = tenantId === undefined ? '' : `${tenantId.length}:${tenantId}`
  const name = userId === undefined ? tenant : `${tenant}u${userId}`
  if (name.length > maxKnownLength) return new Correlation({ tenantId, userId })
  const found = known.get(name)
  if (found !== undefined) return found
  if (known.size >= maxKnown) known.clear()
  const correlation = new Correlation({ tenantId, userId })
  known.set(name, correlation)
  return correlation
}

/** Callers without types pass numbers for ids. */
function asText(id: unknown): string | undefined {
  return id === undefined || id === null ? undefined : toName(id)
}
