/**
 * The pipeline as a SpanProcessor for somebody else's provider: their SDK makes the spans, this encodes, batches and exports
 * them. The interface is that of `@opentelemetry/sdk-trace`.
 */
import { type Context, diag } from '@opentelemetry/api'
import type { AttributeInput } from '@rustok/otlp'
import { OtelConfig } from './config.ts'
import { type EndedSpan, readEndedSpan } from './export/ended-span.ts'
import { Ledger, type LedgerSnapshot } from './export/ledger.ts'
import { Pipeline } from './export/pipeline.ts'
import { toAttributeInput } from './trace/attribute-value.ts'
import { ScopeSpans } from './trace/scope-spans.ts'
import { sampledFlag } from './trace/span-identity.ts'

export interface OtelLayer {
  onStart(span: unknown, parentContext: Context): void
  onEnd(span: EndedSpan): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
  ledger(): LedgerSnapshot
}

/** A SpanProcessor that exports by `config`. The resource is the provider's own, as its spans carry it. */
export function initOtelLayer(config: OtelConfig = OtelConfig.fromEnv()): OtelLayer {
  const scopes = new Map<string, ScopeSpans>()
  let pipeline: Pipeline | undefined

  const scopeOf = ({ instrumentationScope: { name, version, schemaUrl } }: EndedSpan): ScopeSpans => {
    const identity = `${name}\0${version ?? ''}\0${schemaUrl ?? ''}`
    const known = scopes.get(identity)
    if (known !== undefined) return known
    const scope = new ScopeSpans({ name, version, schemaUrl })
    scopes.set(identity, scope)
    return scope
  }

  return {
    onStart() {},
    onEnd(span) {
      try {
        if ((span.spanContext().traceFlags & sampledFlag) === 0) return
        pipeline ??= new Pipeline(config, resourceOf(span))
        pipeline.batcher.add(scopeOf(span), readEndedSpan(span))
      } catch (cause) {
        diag.error('a span could not be read and is not exported', cause)
      }
    },
    forceFlush: async () => pipeline?.flush(),
    shutdown: async () => pipeline?.shutdown(),
    ledger: () => (pipeline?.ledger ?? new Ledger()).snapshot(),
  }
}

function resourceOf({ resource }: EndedSpan): {
  attributes: Record<string, AttributeInput>
  schemaUrl?: string | undefined
} {
  const attributes: Record<string, AttributeInput> = {}
  for (const [name, value] of Object.entries(resource.attributes)) {
    attributes[name] = toAttributeInput(value, Number.POSITIVE_INFINITY)
  }
  return { attributes, schemaUrl: resource.schemaUrl }
}
