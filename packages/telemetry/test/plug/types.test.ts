/** The plug points take what is typed for the official SDK, and what we hand out is what it is typed to take: checked when this compiles. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '@opentelemetry/api'
import type * as resources from '@opentelemetry/resources'
import type * as sdk from '@opentelemetry/sdk-trace'
import type {
  IdGenerator,
  ReadableResource,
  ReadableSpan,
  ResourceDetector,
  SpanExporter,
  SpanProcessor,
} from '../../src/index.ts'

type Takes<Wide, Narrow extends Wide> = Narrow

test('the interfaces are those of the official SDK', () => {
  const theirs: [
    Takes<SpanProcessor, sdk.SpanProcessor>,
    Takes<SpanExporter, sdk.SpanExporter>,
    Takes<IdGenerator, sdk.IdGenerator>,
    Takes<ResourceDetector, resources.ResourceDetector>,
    Takes<sdk.ReadableSpan, ReadableSpan>,
    Takes<ReadableSpan, sdk.ReadableSpan>,
    Takes<resources.Resource, ReadableResource>,
  ][] = []
  // A processor written for the SDK, with its types, fits where ours are asked for.
  const written: sdk.SpanProcessor = {
    onStart(span: sdk.Span, _context: Context) {
      span.setAttribute(span.name, span.resource.schemaUrl ?? '')
    },
    onEnd(_span: sdk.ReadableSpan) {},
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const ours: SpanProcessor = written
  assert.equal(ours, written)
  assert.deepEqual(theirs, [])
})
