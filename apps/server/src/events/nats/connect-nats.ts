/**
 * The connection to NATS: begun at once, kept for good, and never waited for where somebody could be kept waiting. A server starts and works
 * without it; its events wait in the outbox.
 */
import { readFileSync } from 'node:fs'
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node'
import { errorMessage, StartupError } from '../../errors.ts'
import { told } from '../../telling/told.ts'
import type { NatsSettings } from './nats-settings.ts'

const RECONNECT_MS = 500
const RECONNECT_JITTER_MS = 500
const CONNECT_TIMEOUT_MS = 3_000
/** Two that stay unanswered, and the connection counts as broken. */
const PING_MS = 5_000

export interface NatsLink {
  /** Resolves once the first connection stands, also if that takes days. */
  readonly connection: Promise<NatsConnection>
  /** Rejects while there is none, after a moment for the first one. */
  connected(): Promise<NatsConnection>
  close(): Promise<void>
}

/** Throws a StartupError for files that cannot be read. */
export function connectNats(settings: NatsSettings): NatsLink {
  let current: NatsConnection | undefined
  let standing = false
  let closed = false
  const moment = new Promise((resolve) => setTimeout(resolve, CONNECT_TIMEOUT_MS).unref())
  const connection = connectFirst(connectionOptions(settings), () => closed)
  connection.then(
    async (connection) => {
      current = connection
      standing = true
      for await (const status of connection.status()) {
        if (status.type === 'disconnect' || status.type === 'staleConnection') standing = false
        if (status.type === 'reconnect') standing = true
      }
      standing = false
    },
    () => {},
  )
  return {
    connection,
    async connected() {
      if (current === undefined) await Promise.race([connection, moment])
      if (current === undefined || !standing) throw new Error(told('there is no connection to NATS'))
      return current
    },
    async close() {
      closed = true
      await current?.close()
    },
  }
}

/** The client's own waiting for a first connection cannot be called off. */
async function connectFirst(options: NodeConnectionOptions, closed: () => boolean): Promise<NatsConnection> {
  for (;;) {
    if (closed()) throw new Error(told('closed before there was a connection to NATS'))
    try {
      const connection = await connect(options)
      if (!closed()) return connection
      await connection.close()
    } catch {
      await new Promise((resolve) =>
        setTimeout(resolve, RECONNECT_MS + Math.random() * RECONNECT_JITTER_MS).unref(),
      )
    }
  }
}

function connectionOptions({ url, credentials, ca, certificate, key }: NatsSettings): NodeConnectionOptions {
  const urls = url.split(',').map((part) => new URL(part.trim()))
  const [first] = urls
  const user = decodeURIComponent(first!.username)
  const pass = decodeURIComponent(first!.password)
  const secure =
    ca !== undefined || certificate !== undefined || urls.some(({ protocol }) => protocol === 'tls:')
  return {
    servers: urls.map(({ host }) => host),
    name: 'rustok-server',
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    ignoreAuthErrorAbort: true,
    ...(credentials !== undefined
      ? { authenticator: credsAuthenticator(fileOf('NATS_CREDS', credentials)) }
      : pass !== ''
        ? { user, pass }
        : user !== ''
          ? { token: user }
          : {}),
    ...(secure && {
      tls: {
        ...(ca !== undefined && { ca: fileOf('NATS_CA', ca).toString() }),
        ...(certificate !== undefined && { cert: fileOf('NATS_CERT', certificate).toString() }),
        ...(key !== undefined && { key: fileOf('NATS_KEY', key).toString() }),
      },
    }),
  }
}

function fileOf(variable: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new StartupError(variable, `cannot read ${path}: ${errorMessage(error)}`, { cause: error })
  }
}
