/**
 * The pipeline as a SpanProcessor for somebody else's provider: their SDK makes the spans, this encodes, batches and exports
 * them. The interface is that of `@opentelemetry/sdk-trace`.
 */
import type { Context } from '@opentelemetry/api'
import { type AttributeInput, type Envelope, encodeResource } from '@rustok/otlp'
import { checkConfig, OtelConfig } from './config.ts'
import { enableDiagnostics } from './diagnostics.ts'
import { type EndedSpan, readEndedSpan } from './export/ended-span.ts'
import { Ledger, type LedgerSnapshot } from './export/ledger.ts'
import { Pipeline } from './export/pipeline.ts'
import { diag } from './own-diag.ts'
import { startRedaction } from './redact/redaction.ts'
import { decidesAtEnd } from './sample/sampling.ts'
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

/**
 * A SpanProcessor that exports by `config`. The resource is the provider's own, as its spans carry it.
 *
 * @throws OtelError INVALID_CONFIG when a field set by hand is out of range.
 */
export function initOtelLayer(config: OtelConfig = OtelConfig.fromEnv()): OtelLayer {
  checkConfig(config)
  startRedaction(config)
  enableDiagnostics(config.logLevel)
  for (const warning of config.warnings) diag.warn(warning)
  if (decidesAtEnd(config))
    diag.warn(
      "tail sampling and tenants' rates and budgets need initTracing: initOtelLayer exports all that it gets",
    )
  const scopes = new Map<string, ScopeSpans>()
  let pipeline: Pipeline | undefined
  let open = config.enabled

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
      if (!open && pipeline === undefined) return
      try {
        if ((span.spanContext().traceFlags & sampledFlag) === 0) return
        pipeline ??= new Pipeline(config, resourceOf(span))
        pipeline.batcher.add(scopeOf(span), readEndedSpan(span))
      } catch (cause) {
        pipeline?.ledger.refuseUnread()
        diag.error('a span could not be read and is not exported', cause)
      }
    },
    forceFlush: async () => void (await pipeline?.flush()),
    shutdown: async () => {
      open = false
      await pipeline?.shutdown()
    },
    ledger: () => (pipeline?.ledger ?? new Ledger()).snapshot(),
  }
}

/** The resource, read when a request is made: detectors may still be at work when the first span ends. */
function resourceOf({ resource }: EndedSpan): () => Envelope {
  let settled: Envelope | undefined
  if (resource.asyncAttributesPending === true) resource.waitForAsyncAttributes?.().catch(() => {})
  return () => {
    if (settled !== undefined) return settled
    const attributes: Record<string, AttributeInput> = {}
    for (const [name, value] of Object.entries(resource.attributes)) {
      attributes[name] = toAttributeInput(value, Number.POSITIVE_INFINITY)
    }
    const envelope = encodeResource({ attributes, schemaUrl: resource.schemaUrl })
    if (resource.asyncAttributesPending !== true) settled = envelope
    return envelope
  }
}
