/** gRPC's own health check, which balancers and Kubernetes ask: open to all, as /health is. https://github.com/grpc/grpc/blob/master/doc/health-checking.md */

import type { UnaryMethod } from './grpc-server.ts'
import { GrpcCode, GrpcError } from './grpc-status.ts'

const serving = 1
const notServing = 2

/** `Check`, by path. `Watch` is not there, which clients take for leave not to watch. `services` are those that may be asked for by name. */
export function healthMethods(
  services: readonly string[],
  isServing: () => Promise<boolean>,
): Readonly<Record<string, UnaryMethod>> {
  const known = new Set(['', ...services])
  const check: UnaryMethod = {
    open: () => async (message) => {
      const service = serviceOf(message)
      if (!known.has(service)) throw new GrpcError(GrpcCode.NOT_FOUND, `there is no service ${service}`)
      // HealthCheckResponse: field 1, an enum.
      return Uint8Array.of(0x08, (await isServing()) ? serving : notServing)
    },
  }
  return { '/grpc.health.v1.Health/Check': check }
}

/** Of a HealthCheckRequest: field 1, a string, shorter than what takes two bytes to say how long it is. */
function serviceOf(message: Buffer): string {
  if (message.length === 0) return ''
  if (message[0] !== 0x0a || message[1] !== message.length - 2 || message.length > 129) {
    throw new GrpcError(GrpcCode.INVALID_ARGUMENT, 'not a HealthCheckRequest')
  }
  return message.toString('utf8', 2)
}
