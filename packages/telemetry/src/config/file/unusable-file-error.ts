/** The configuration file as a whole cannot be used. Never leaves configurationSource. */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError'
}
