/** Attributes, typed and nested as OTLP has them. */

/** `int` values beyond ±(2^53-1) are decimal strings; `bytes` are base64; arrays and kvlists hold Attribute values. */
export interface Attribute {
  readonly key: string
  readonly type: 'string' | 'bool' | 'int' | 'double' | 'bytes' | 'array' | 'kvlist' | 'empty'
  readonly value: AttributeValue
}

export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }
