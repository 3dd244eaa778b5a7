/** The measured applications and the load on them. */
import { ddTrace } from './dd-trace.ts'
import { nodesQuery } from './graphql-app.ts'
import { bare, type Mode, official, ours, oursServerSpan } from './modes.ts'
import type { AppName } from './server.ts'

export interface Scenario {
  readonly title: string
  readonly app: AppName
  readonly request: Uint8Array
  /** What every response says, in any mode. */
  readonly body: string
  readonly connections: number
  /** Requests in flight on each connection. */
  readonly pipelining: number
  readonly modes: readonly ScenarioMode[]
}

export interface ScenarioMode {
  readonly mode: Mode
  /** Undefined where it is somebody else's to say: the proof finds it out. */
  readonly spansPerRequest: number | undefined
}

/** Parsed, queried and serialised by the application; said here so that a mode which breaks it is found out. */
const helloBody = JSON.stringify({ hello: 'world' })
const nodesBody = JSON.stringify({
  data: {
    nodes: Array.from({ length: 10 }, (_, i) => {
      const name = ['Ada', 'Barbara', 'Donald', 'Edsger', 'Frances', 'Grace', 'Hedy'][i % 7]!
      const author = { id: `author-${i % 7}`, name, email: `${name.toLowerCase()}@example.com` }
      const status = i % 5 === 0 ? 'draft' : 'published'
      return { id: `node-${i}`, title: `What happened on day ${i}`, status, author }
    }),
  },
})

const helloModes: readonly ScenarioMode[] = [
  { mode: bare, spansPerRequest: 0 },
  { mode: ours, spansPerRequest: 1 },
  { mode: official, spansPerRequest: undefined },
  { mode: ddTrace, spansPerRequest: undefined },
]

/** Server, operation, `Query.nodes` and one for the ten times `Node.author`. */
const graphqlSpans = 4

export const scenarios: readonly Scenario[] = [
  {
    title: "Fastify 'hello', 100 connections, 10 requests pipelined on each (as Fastify's own benchmark)",
    app: 'hello',
    request: httpRequest('GET', '/hello'),
    body: helloBody,
    connections: 100,
    pipelining: 10,
    modes: helloModes,
  },
  {
    title: "Fastify 'hello', 64 connections, one request at a time on each",
    app: 'hello',
    request: httpRequest('GET', '/hello'),
    body: helloBody,
    connections: 64,
    pipelining: 1,
    modes: helloModes,
  },
  {
    title: 'Fastify and GraphQL (graphql 17): a list of 10 with a nested object, 64 connections',
    app: 'graphql',
    request: httpRequest('POST', '/graphql', JSON.stringify({ query: nodesQuery, variables: { first: 10 } })),
    body: nodesBody,
    connections: 64,
    pipelining: 1,
    modes: [
      { mode: bare, spansPerRequest: 0 },
      { mode: ours, spansPerRequest: graphqlSpans },
      { mode: oursServerSpan, spansPerRequest: 1 },
      { mode: official, spansPerRequest: undefined },
      { mode: ddTrace, spansPerRequest: undefined },
    ],
  },
]

function httpRequest(method: string, path: string, body?: string): Uint8Array {
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1:5150',
    'User-Agent: rustok-bench/0.1',
    'Accept: application/json',
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`)
}
