/**
 * Told by tracing.ts when tracing starts and stops, so that the test kit can put itself between spans and their export. Nothing but the
 * test kit sets it, and nobody pays for it at run time.
 */
export const lifecycle = {
  beforeStart(): void {},
  afterStart(): void {},
  afterStop(): void {},
}
