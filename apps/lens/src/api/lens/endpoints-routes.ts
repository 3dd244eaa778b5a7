/**
 * GET /api/lens/endpoints: the ports that spans are sent to, as they were opened. The host is what the client reaches Lens by; behind a proxy or a
 * container's port mapping, ports outside may be others.
 */

import type { FastifyInstance } from 'fastify'
import type { EndpointsResponse } from '../contract/endpoints.ts'

export async function endpointsRoutes(
  app: FastifyInstance,
  { endpoints }: { readonly endpoints: () => EndpointsResponse },
): Promise<void> {
  app.get('/endpoints', async (): Promise<EndpointsResponse> => endpoints())
}
