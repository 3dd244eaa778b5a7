/**
 * Which Node.js tracing starts on. An older one would load it and trace no server, because it publishes nothing on the channels, so that
 * `initTracing` and register.ts say so instead. `engines` in package.json says the same to npm, which only warns.
 */
import { OtelError } from './errors.ts'

/** @throws OtelError UNSUPPORTED_NODE. */
export function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 15)) throw new OtelError('UNSUPPORTED_NODE', `it is ${version}`)
}
