/** The ranges of protobuf's integers, for encoders that are given numbers and decoders of JSON. */

export const int32Min = -0x8000_0000
export const int32Max = 0x7fff_ffff
export const uint32Max = 0xffff_ffff
export const int64Min = -(2n ** 63n)
export const int64Max = 2n ** 63n - 1n
export const uint64Max = 2n ** 64n - 1n

/** `value`, or a RangeError when it is not an int32. */
export function int32(value: number): number {
  return within(value, int32Min, int32Max, 'int32')
}

export function uint32(value: number): number {
  return within(value, 0, uint32Max, 'uint32')
}

export function int64(value: bigint): bigint {
  return within(value, int64Min, int64Max, 'int64')
}

export function uint64(value: bigint): bigint {
  return within(value, 0n, uint64Max, 'uint64')
}

function within<T extends number | bigint>(value: T, min: T, max: T, type: string): T {
  const whole = typeof value === 'bigint' || Number.isInteger(value)
  if (!whole || value < min || value > max) throw new RangeError(`${value} is not an ${type}`)
  return value
}
