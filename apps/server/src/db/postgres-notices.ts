/**
 * NOTIFY from PostgreSQL, on a connection of its own: a pooled one belongs to nobody for long enough. It comes back by itself when the
 * connection breaks; what was said meanwhile is lost, so its return counts as a notice.
 */
import pg from 'pg'

export interface Listening {
  close(): Promise<void>
}

const RETRY_MS = { first: 250, most: 10_000 } as const
/** A connection through which nothing comes is not known to be broken; the kernel asks. */
const KEEP_ALIVE_MS = 10_000

/** Never rejects. `channel` is a name from our own code. */
export function listenToPostgres(config: pg.ClientConfig, channel: string, onNotice: () => void): Listening {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let delay: number = RETRY_MS.first
  let closed = false

  const connect = async () => {
    const next = new pg.Client({
      ...config,
      application_name: 'rustok-server listener',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    })
    client = next
    next.on('notification', onNotice)
    const broken = Promise.withResolvers<void>()
    next.on('error', () => broken.resolve())
    next.on('end', () => broken.resolve())
    try {
      await next.connect()
      await next.query(`listen ${channel}`)
      delay = RETRY_MS.first
      onNotice()
      await broken.promise
    } catch {
      // Tried again below; whoever listens looks from time to time as well.
    }
    next.removeAllListeners('notification')
    await next.end().catch(() => {})
    if (closed) return
    timer = setTimeout(() => void connect(), delay * (0.5 + Math.random() / 2))
    timer.unref()
    delay = Math.min(delay * 2, RETRY_MS.most)
  }
  void connect()

  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
