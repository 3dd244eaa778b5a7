export { AttributeKey, attributeKey, type PreparedPair } from './attribute-key.ts'
export type { AttributeInput } from './encode-attribute.ts'
export {
  attributeListOf,
  type Envelope,
  encodeEnvelope,
  encodeResource,
  encodeScope,
  type ResourceInput,
  type ScopeBytes,
  type ScopeInput,
} from './encode-envelope.ts'
export {
  type AttributeList,
  type EventRecord,
  encodeSpan,
  type LinkRecord,
  prepareAttributes,
  type SpanRecord,
} from './encode-span.ts'
export { Writer } from './writer.ts'
