/** Tries the ports before anything is opened or written, so that a port in use leaves no trace of the attempt. */

import { createServer } from 'node:http'
import type { LensConfig } from './config.ts'
import { listen } from './listen.ts'
import { StartupError } from './startup-error.ts'

/** Rejects with StartupError for the first port that cannot be listened on. */
export async function checkPorts({ host, port, otlpGrpcPort, otlpHttpPort }: LensConfig): Promise<void> {
  const variables = new Map<number, string>()
  for (const [variable, number] of [
    ['LENS_PORT', port],
    ['LENS_OTLP_GRPC_PORT', otlpGrpcPort],
    ['LENS_OTLP_HTTP_PORT', otlpHttpPort],
  ] as const) {
    if (number === 0) continue
    const other = variables.get(number)
    if (other !== undefined)
      throw new StartupError(`${variable} and ${other} are both ${number}: set one to another port`)
    variables.set(number, variable)
    const probe = createServer()
    await listen(probe, host, number, variable)
    await new Promise((resolve) => probe.close(resolve))
  }
}
