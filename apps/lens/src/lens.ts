/** Lens put together: store, then ingest, then API, and taken apart in the opposite order. `main` owns the process around it. */

import type { Logger } from 'pino'
import { Gatekeeper } from './access/gatekeeper.ts'
import { isLoopback } from './api/known-names.ts'
import { checkPorts } from './check-ports.ts'
import type { LensConfig } from './config.ts'
import { StartupError } from './startup-error.ts'
import { openStore, type Store } from './store/open-store.ts'
import { Retention } from './store/retention/retention.ts'

export interface LensUrls {
  readonly ui: string
  readonly otlpGrpc: string
  readonly otlpHttp: string
}

export interface Lens {
  readonly urls: LensUrls
  /** Of the embedded engine's process. */
  readonly enginePid: () => number | undefined
  /** Of the query API and the UI, as `GET /api/services`. */
  readonly routes: readonly string[]
  /** Reads the file of tokens again. */
  readonly reload: () => Promise<void>
  /** Stops taking requests, stores and answers those in flight, and closes the store. */
  close(): Promise<void>
}

/** Bytes of spans on their way to the store, some 25,000 spans: they come faster than they are stored. */
const loadedBacklog = 4 * 1024 * 1024
/** Senders in flight get this long to finish; what was accepted is stored in any case. */
const drainTime = 5_000

export interface LensOptions {
  /** One more token to send with, whatever the file of tokens says: of Lens itself, when it traces itself. */
  readonly ownToken?: string | undefined
}

/** Rejects with StartupError, with nothing left running. */
export async function startLens(config: LensConfig, log: Logger, options: LensOptions = {}): Promise<Lens> {
  const { host } = config
  refuseStrangers(config, log)
  await checkPorts(config)
  const gatekeeper = await Gatekeeper.open(config.tokensFile, log, options.ownToken)
  // The engine's process starts while this one loads what only serves.
  const opening = openStore(config, log)
  opening.catch(() => gatekeeper.close())
  const serve = await import('./serve.ts')
  const { ApiServer, CallCounter, GrpcReceiver, HttpReceiver, LogIntake, SpanIntake } = serve
  const store = await opening
  const intake = new SpanIntake(store, log)
  const logs = new LogIntake(store, log)
  const endpoints = { otlpGrpcPort: 0, otlpHttpPort: 0 }
  const grpcOptions = {
    gatekeeper,
    isServing: () => store.isAlive(),
    httpPort: () => endpoints.otlpHttpPort,
  }
  const grpc = new GrpcReceiver({ spans: intake, logs }, grpcOptions, log)
  const httpOptions = {
    gatekeeper,
    corsOrigins: config.corsOrigins,
    grpcPort: () => endpoints.otlpGrpcPort,
  }
  const routes = [serve.traceRoute(intake), serve.logsRoute(logs), serve.zipkinRoute(intake)]
  const http = new HttpReceiver(routes, httpOptions, log)
  const calls = new CallCounter(store, log, () => intake.backlog > loadedBacklog)
  const apiConfig = { ...config, endpoints: () => endpoints }
  const api = await ApiServer.create(store, intake, calls, gatekeeper, apiConfig, log)
  const retention = Retention.start(store, config, log)
  const close = async () => {
    await retention?.close()
    await closeAll([grpc, http, api], [intake, logs, calls], store)
    gatekeeper.close()
  }
  try {
    endpoints.otlpGrpcPort = await grpc.listen(host, config.otlpGrpcPort)
    endpoints.otlpHttpPort = await http.listen(host, config.otlpHttpPort)
    const otlpGrpc = urlOf(host, endpoints.otlpGrpcPort)
    const otlpHttp = urlOf(host, endpoints.otlpHttpPort)
    const ui = urlOf(host, await api.listen(config.port))
    calls.start()
    return {
      urls: { ui, otlpGrpc, otlpHttp },
      enginePid: store.pid,
      routes: api.routes,
      reload: () => gatekeeper.reload(),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Who listens beyond this machine says who may come in: throws StartupError when he has not. */
function refuseStrangers({ host, noLogin, tokensFile }: LensConfig, log: Logger): void {
  if (tokensFile !== undefined || isLoopback(host)) return
  if (!noLogin) {
    throw new StartupError(
      `LENS_HOST ${host} lets others reach Lens, and nothing asks who they are: set LENS_TOKENS_FILE (\`rustok-lens token\` makes one), or LENS_NO_LOGIN=true to let everybody read and write`,
    )
  }
  log.warn({ host }, 'everybody who reaches these ports can read and write all traces: LENS_NO_LOGIN is set')
}

interface Listener {
  close(): Promise<void>
  abort(): void
}

async function closeAll(
  listeners: readonly Listener[],
  intakes: readonly { close(): Promise<void> }[],
  store: Store,
): Promise<void> {
  const timer = setTimeout(() => {
    for (const listener of listeners) listener.abort()
  }, drainTime)
  await Promise.all(listeners.map((listener) => listener.close()))
  clearTimeout(timer)
  await Promise.all(intakes.map((intake) => intake.close()))
  await store.close()
}

/** An address to open: one that listens everywhere is reached at this machine's loopback. */
export function urlOf(host: string, port: number): string {
  const name =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}
