/** Why Lens cannot start, in one line that names what to change. `main` prints its message alone and exits with its code. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
  readonly exitCode: number = 1
}
