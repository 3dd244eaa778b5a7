/** What an attribute can hold. Numbers that are safe integers (but not -0) become int_value, other numbers double_value. */
export type AttributeInput =
  | string
  | number
  | boolean
  | bigint
  | Uint8Array
  | null
  | undefined
  | readonly AttributeInput[]
  | { readonly [key: string]: AttributeInput }
