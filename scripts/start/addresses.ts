/** What Lens and the server tell of themselves when they are ready: the contract of their first message. */

export interface LensReady {
  readonly urls: { readonly ui: string; readonly otlpGrpc: string; readonly otlpHttp: string }
}

export interface DemoUser {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly email: string
  readonly password: string
  readonly token: string
}

export interface DemoTenant {
  readonly id: string
  readonly name: string
  readonly users: readonly DemoUser[]
}

export interface ServerReady {
  readonly url: string
  /** Absent when the server runs without demo data, as in production. */
  readonly demo?: { readonly tenants: readonly DemoTenant[] }
}

export function parseLensReady(message: unknown): LensReady | undefined {
  return isReady(message) && 'urls' in message ? (message as unknown as LensReady) : undefined
}

export function parseServerReady(message: unknown): ServerReady | undefined {
  return isReady(message) && 'url' in message ? (message as unknown as ServerReady) : undefined
}

function isReady(message: unknown): message is object {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready'
}

/**
 * Where Lens will take spans, if the variables tell before it has started: then the server can start beside it. Undefined
 * for port 0, which the system chooses, and for what Lens will refuse.
 */
export function expectedCollector(env: NodeJS.ProcessEnv): string | undefined {
  const port = env.LENS_OTLP_GRPC_PORT?.trim() || '4317'
  if (!/^\d{1,5}$/.test(port) || Number(port) === 0) return undefined
  return `http://${reachable(env.LENS_HOST?.trim() || '127.0.0.1')}:${port}`
}

/** All interfaces are reached through the loopback one; an IPv6 address stands in brackets. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}
