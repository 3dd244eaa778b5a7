/**
 * A stand-in for the backend while the UI is developed and tested alone: serves the built UI under the product's content
 * security policy and answers the query API from the fixture store. Run it with a port to develop against it.
 */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import type { Problem, SessionResponse, TraceResponse } from 'rustok-lens/contract'
import { isLookback, parseSearchState, searchQuery } from '../src/model/search-state.ts'
import { FixtureStore } from './fixture-store.ts'
import { waterfallOf } from './waterfall-of.ts'

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** No tokens, as by default: signing in is tested with a real Lens, in e2e. */
const everybody: SessionResponse = { login: false, name: '', role: 'admin', tenants: null }

export interface FixtureOptions {
  readonly dist: string
  /** Asked at each request: a test may exchange it. */
  readonly store: () => FixtureStore
  /** Called for each API request; an answer given here goes out instead of the store's. */
  readonly intercept?: (path: string) => { readonly status: number; readonly body: unknown } | undefined
}

export function fixtureServer(options: FixtureOptions): Server {
  return createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      problem(response, 500, 'Internal error', error instanceof Error ? error.message : String(error))
    })
  })
}

async function answer(
  { dist, store: current, intercept }: FixtureOptions,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (!url.pathname.startsWith('/api/')) return serveFile(dist, url.pathname, response)
  const intercepted = intercept?.(url.pathname)
  if (intercepted !== undefined) return json(response, intercepted.status, intercepted.body)
  if (url.pathname === '/api/lens/session') return json(response, 200, everybody)
  const parts = Object.fromEntries(url.searchParams)
  const now = Date.now()
  const store = current()
  const query = { ...searchQuery(parseSearchState(parts)) }
  if (parts.lookback !== undefined && isLookback(parts.lookback))
    Object.assign(query, { lookback: parts.lookback })
  if (parts.limit !== undefined) Object.assign(query, { limit: Number(parts.limit) })
  if (parts.start !== undefined)
    Object.assign(query, { start: Number(parts.start), end: Number(parts.end ?? now) })
  if (parts.cursor !== undefined) Object.assign(query, { cursor: parts.cursor })
  if (url.pathname === '/api/lens/search') return json(response, 200, store.search(query, now))
  if (url.pathname === '/api/lens/facets') return json(response, 200, store.facets(query, now))
  if (url.pathname === '/api/lens/heatmap') return json(response, 200, store.heatmap(query, now))
  if (url.pathname === '/api/lens/attribute-keys' || url.pathname === '/api/lens/attribute-values')
    return json(response, 200, { keys: [], values: [], truncated: false, sample: { oneIn: 1 } })
  if (url.pathname === '/api/lens/histogram') return json(response, 200, store.histogram(query, now))
  if (url.pathname === '/api/lens/latency') {
    return json(response, 200, { of: 'spans', total: 0, errorTotal: 0, buckets: [], sample: { oneIn: 1 } })
  }
  const trace = /^\/api\/lens\/traces\/([0-9a-f]{32})$/.exec(url.pathname)
  const found = trace === null ? undefined : store.trace(trace[1]!)
  if (found !== undefined) return json(response, 200, found)
  const part = /^\/api\/lens\/traces\/([0-9a-f]{32})\/(waterfall|logs|matches|spans\/(\w+))$/.exec(
    url.pathname,
  )
  const whole = part === null ? undefined : store.trace(part[1]!)
  if (part !== null && whole !== undefined) {
    return json(response, 200, partOf(whole, part[2]!, part[3], url.searchParams.get('text') ?? ''))
  }
  return problem(response, 404, 'Trace not found', 'No span of this trace is stored.')
}

/** What the trace page asks of a trace, by the last part of the address. */
function partOf(trace: TraceResponse, part: string, spanId: string | undefined, text: string): unknown {
  const { traceId, spans } = trace
  if (spanId !== undefined) return { ...trace, spans: spans.filter((span) => span.spanId === spanId) }
  if (part === 'waterfall') return waterfallOf(trace)
  if (part === 'logs') return { traceId, logs: [], resources: [], scopes: [], total: 0, totalIsExact: true }
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const found = spans.filter((span) => {
    const all = JSON.stringify([span.name, span.statusMessage, span.attributes, span.events]).toLowerCase()
    return words.every((word) => all.includes(word))
  })
  return { spanIds: found.map((span) => span.spanId), total: found.length }
}

async function serveFile(dist: string, path: string, response: ServerResponse): Promise<void> {
  const file = normalize(path).replace(/^([/\\])+/, '')
  const known = extname(file) !== ''
  const body = await readFile(join(dist, known ? file : 'index.html')).catch(() => undefined)
  if (body === undefined) return problem(response, 404, 'Not found', path)
  response.writeHead(200, {
    'content-type': TYPES[known ? extname(file) : '.html'] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    ...(file.startsWith('assets') ? { 'cache-control': 'public, max-age=31536000, immutable' } : {}),
  })
  response.end(body)
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': status < 400 ? 'application/json' : 'application/problem+json',
  })
  response.end(JSON.stringify(body))
}

function problem(response: ServerResponse, status: number, title: string, detail: string): void {
  json(response, status, { type: 'about:blank', title, status, detail } satisfies Problem)
}

if (import.meta.main) {
  const port = Number(process.argv[2] ?? 16686)
  const count = Number(process.argv[3] ?? 2000)
  const store = count === 0 ? new FixtureStore() : FixtureStore.filled(Date.now(), count, 100_000)
  const dist = join(import.meta.dirname, '..', 'dist')
  fixtureServer({ dist, store: () => store }).listen(port, '127.0.0.1', () =>
    console.log(`http://127.0.0.1:${port}`),
  )
}
