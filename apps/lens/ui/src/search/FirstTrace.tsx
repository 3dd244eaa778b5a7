/**
 * The empty store: how to send a first trace, from five languages or by hand, with this Lens's own addresses. The page watches, and shows the
 * trace as soon as it is there.
 */
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { sessionOptions } from '../api/session.ts'
import { endpointsOptions } from '../api/statistics.ts'
import { LANGUAGES, type Language } from '../model/first-trace.ts'
import { Snippet } from '../ui/Snippet.tsx'
import './FirstTrace.css'

export function FirstTrace() {
  const { data: session } = useQuery(sessionOptions)
  const endpoints = useQuery(endpointsOptions)
  const [language, setLanguage] = useState<Language>(LANGUAGES[0])
  const needsToken = session?.who?.login === true
  // What Lens listens on unless it is told otherwise, where it does not say.
  const { otlpGrpcPort = 4317, otlpHttpPort = 4318 } = endpoints.data ?? {}
  const curl = useMemo(
    () =>
      curlCommand({
        url: addressOf(otlpHttpPort),
        needsToken,
        now: Date.now(),
        hex: randomHex,
      }),
    [needsToken, otlpHttpPort],
  )
  const environment = [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${addressOf(otlpHttpPort)}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    ...(needsToken ? ['export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer $TOKEN"'] : []),
    'export OTEL_METRICS_EXPORTER=none',
    'export OTEL_SERVICE_NAME=my-service',
  ].join('\n')
  return (
    <section className="first-trace" aria-labelledby="first-trace-title">
      <header>
        <h2 id="first-trace-title">Waiting for the first trace</h2>
        <p>Lens is running and its store is empty. As soon as a service sends a trace, this page shows it.</p>
        {needsToken && (
          <p>
            Senders need a token with the role <code>ingest</code>, in the variable <code>TOKEN</code> here.
          </p>
        )}
      </header>
      <ol>
        <li>
          <h3>Tell a service where Lens is</h3>
          <p>
            Anything that speaks OTLP can send: gRPC on port <strong>{otlpGrpcPort}</strong>, HTTP on{' '}
            <strong>{otlpHttpPort}</strong>. These variables are read by OpenTelemetry in every language.
          </p>
          <Snippet text={environment} label="Copy the variables" />
        </li>
        <li>
          <div className="first-trace-languages">
            <h3>Trace it</h3>
            <fieldset>
              <legend className="visually-hidden">Language</legend>
              {LANGUAGES.map((one) => (
                <label key={one.name}>
                  <input
                    type="radio"
                    name="language"
                    className="visually-hidden"
                    checked={one === language}
                    onChange={() => setLanguage(one)}
                  />
                  <span>{one.name}</span>
                </label>
              ))}
            </fieldset>
          </div>
          <p>{language.says}</p>
          {language.steps.map((step) => (
            <Snippet key={step} text={step} label={`Copy for ${language.name}`} />
          ))}
          <p className="first-trace-who">Say on spans whom a request is for, to search by customer:</p>
          <Snippet text={language.tenant} label={`Copy the attributes for ${language.name}`} />
        </li>
        <li>
          <h3>Or send one span by hand</h3>
          <p>A request of the tenant “hello”, as OTLP in JSON.</p>
          <Snippet text={curl} label="Copy the curl command" />
        </li>
      </ol>
      <p className="first-trace-demo">
        In the repository of RusToK, <code>npm start</code> starts a demo platform that sends itself requests
        of two tenants.
      </p>
    </section>
  )
}

/** Whoever reads this reaches Lens by this name. */
function addressOf(port: number): string {
  return `http://${location.hostname}:${port}`
}

interface CurlParts {
  readonly url: string
  readonly needsToken: boolean
  readonly now: number
  readonly hex: (bytes: number) => string
}

function curlCommand({ url, needsToken, now, hex }: CurlParts): string {
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
  return `curl ${url}/v1/traces${token} \\\n  -H 'content-type: application/json' \\\n  -d '${JSON.stringify(body)}'`
}

function randomHex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
