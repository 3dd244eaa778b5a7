/** The empty store: how to send a first trace, three ways. The page watches, and shows the trace as soon as it is there. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { sessionOptions } from '../api/session.ts'
import { Snippet } from '../ui/Snippet.tsx'
import './FirstTrace.css'

export function FirstTrace() {
  const { data: session } = useQuery(sessionOptions)
  const needsToken = session?.who?.login === true
  const curl = useMemo(
    () => curlCommand({ host: location.hostname, needsToken, now: Date.now(), hex: randomHex }),
    [needsToken],
  )
  const environment = [
    `OTEL_EXPORTER_OTLP_ENDPOINT=http://${location.hostname}:4317`,
    ...(needsToken ? ['OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer $TOKEN"'] : []),
    'OTEL_SERVICE_NAME=my-service',
  ].join('\n')
  return (
    <section className="first-trace" aria-labelledby="first-trace-title">
      <header>
        <h2 id="first-trace-title">Waiting for the first trace</h2>
        <p>
          Lens is running and its store is empty. Send a trace in one of these ways: it appears here by
          itself.
        </p>
        {needsToken && (
          <p>
            Senders need a token with the role <code>ingest</code>, in the variable <code>TOKEN</code> here.
          </p>
        )}
      </header>
      <ol>
        <li>
          <h3>Start the demo platform</h3>
          <p>It sends itself a handful of requests of two tenants.</p>
          <Snippet text="npm start" label="Copy the command" />
        </li>
        <li>
          <h3>Point a service at Lens</h3>
          <p>
            Anything that speaks OTLP, in any language: gRPC on port 4317, HTTP on 4318. Set{' '}
            <code>tenant_id</code> and <code>user_id</code> on spans to search by customer.
          </p>
          <Snippet text={environment} label="Copy the variables" />
        </li>
        <li>
          <h3>Send one span by hand</h3>
          <p>A request of the tenant “hello”, as OTLP in JSON.</p>
          <Snippet text={curl} label="Copy the curl command" />
        </li>
      </ol>
    </section>
  )
}

interface CurlParts {
  readonly host: string
  readonly needsToken: boolean
  readonly now: number
  readonly hex: (bytes: number) => string
}

function curlCommand({ host, needsToken, now, hex }: CurlParts): string {
  const end = BigInt(now) * 1_000_000n
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const body = {
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', 'curl')] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: hex(16),
                spanId: hex(8),
                name: 'GET /hello',
                kind: 2,
                startTimeUnixNano: String(end - 42_000_000n),
                endTimeUnixNano: String(end),
                attributes: [text('tenant_id', 'hello'), text('user_id', 'me')],
              },
            ],
          },
        ],
      },
    ],
  }
  const token = needsToken ? ' \\\n  -H "authorization: Bearer $TOKEN"' : ''
  return `curl http://${host}:4318/v1/traces${token} \\\n  -H 'content-type: application/json' \\\n  -d '${JSON.stringify(body)}'`
}

function randomHex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
