/** chDB's errors are classes that the package does not export: told apart by what they carry. */
export interface ChdbError extends Error {
  readonly clickhouseCode?: number
}

export function isChdbError(error: unknown): error is ChdbError {
  return error instanceof Error && 'clickhouseCode' in error
}
