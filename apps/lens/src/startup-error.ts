/** Why Lens cannot start, in one line that names what to change. `main` prints its message alone and exits with 1. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
}
