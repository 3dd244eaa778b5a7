/** Tenant and user in baggage: sent to the hosts that are listed, believed from the peers that are listed, and nowhere else. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { context, defaultTextMapSetter, propagation } from '@opentelemetry/api'
import type { OtelConfigFields } from '../../src/config.ts'
import { hostMatcher, isHostPattern } from '../../src/context/host-pattern.ts'
import { correlate, logFields } from '../../src/correlate.ts'
import { tracedSpan } from '../../src/traced-span.ts'
import { openRaw } from '../support/raw-http.ts'
import { line } from '../support/serving.ts'
import { traced } from '../support/traced.ts'

/** A server that another one calls for each of its requests; what both saw. */
async function hop(
  t: TestContext,
  config: Partial<OtelConfigFields>,
  { headers = {}, host = '127.0.0.1', enter = (work) => work() }: Hop = {},
) {
  const seen: { baggage: string | undefined; tenant: string | undefined; user: string | undefined }[] = []
  const callee = createServer((request, response) => {
    const { tenant_id: tenant, user_id: user } = logFields()
    seen.push({ baggage: request.headers.baggage as string | undefined, tenant, user })
    response.end()
  }).listen(0, '127.0.0.1')
  const service = createServer((request, response) => {
    const { tenant_id: tenant, user_id: user } = logFields()
    seen.push({ baggage: request.headers.baggage as string | undefined, tenant, user })
    void enter(async () => {
      await (await fetch(`http://${host}:${(callee.address() as AddressInfo).port}/`)).text()
      response.setHeader('content-length', 0).end()
    })
  }).listen(0, '127.0.0.1')
  t.after(() => {
    for (const server of [callee, service]) {
      server.closeAllConnections()
      server.close()
    }
  })
  await Promise.all([once(callee, 'listening'), once(service, 'listening')])
  const { spans } = await traced(
    async () => {
      // By hand: our own client would not send what the application may not.
      const { exchange, socket } = await openRaw((service.address() as AddressInfo).port)
      await exchange(line('/', ...Object.entries(headers).map((header) => header.join(': '))))
      socket.destroy()
    },
    { config: { shutdownTimeout: 2000, ...config } },
  )
  const [atService, atCallee] = seen as [(typeof seen)[0], (typeof seen)[0]]
  return { atService, atCallee, servers: spans.filter(({ kind }) => kind === 2) }
}

interface Hop {
  readonly headers?: Record<string, string>
  readonly host?: string
  readonly enter?: (work: () => Promise<void>) => unknown
}

const acme = (work: () => Promise<void>) => correlate({ tenantId: 'acme', userId: 'ann b' }, work)
const sent = { baggage: 'tenant_id=evil,plan=gold,user_id=eve' }

suite('on the way out', () => {
  test('tenant and user stay here when no destination is listed, or another one', async (t) => {
    for (const baggageDestinations of [[], ['*.internal', 'example.com']]) {
      const { atCallee } = await hop(t, { baggageDestinations }, { enter: acme })
      assert.equal(atCallee.baggage, undefined)
    }
  })

  test('they go to a listed host, by name or address, beside the baggage of the application', async (t) => {
    for (const [pattern, host] of [
      ['127.0.0.1', '127.0.0.1'],
      ['LocalHost', 'localhost'],
    ] as const) {
      const { atCallee } = await hop(
        t,
        { baggageDestinations: [pattern] },
        { host, enter: acme, headers: { baggage: 'plan=gold' } },
      )
      assert.equal(atCallee.baggage, 'plan=gold,tenant_id=acme,user_id=ann%20b')
    }
  })

  test('they do not follow a redirect from a listed host to another one', async (t) => {
    const seen: [host: string | undefined, baggage: unknown][] = []
    const server = createServer(({ headers, url }, response) => {
      seen.push([headers.host?.split(':')[0], headers.baggage])
      if (url === '/') response.writeHead(302, { location: `http://127.0.0.1:${port()}/elsewhere` })
      response.end()
    }).listen(0, '127.0.0.1')
    t.after(() => server.close())
    const port = () => (server.address() as AddressInfo).port
    await once(server, 'listening')
    await traced(() => acme(async () => void (await (await fetch(`http://localhost:${port()}/`)).text())), {
      config: { baggageDestinations: ['localhost'] },
    })
    assert.deepEqual(seen, [
      ['localhost', 'tenant_id=acme,user_id=ann%20b'],
      ['127.0.0.1', undefined],
    ])
  })

  test('the application cannot send them elsewhere by accident, by its own baggage or by the public API', async () => {
    await traced(() => {
      const baggage = propagation.createBaggage({
        tenant_id: { value: 'acme' },
        user_id: { value: 'ann' },
        plan: { value: 'gold' },
      })
      const carrier = {}
      correlate({ tenantId: 'acme' }, () => {
        propagation.inject(propagation.setBaggage(context.active(), baggage), carrier, defaultTextMapSetter)
      })
      assert.deepEqual(carrier, { baggage: 'plan=gold' })
    })
  })

  test('the same holds for the baggage headers of Jaeger and OT Trace', async () => {
    for (const propagators of [['jaeger'], ['ottrace']] as const) {
      await traced(
        () => {
          const baggage = propagation.createBaggage({ tenant_id: { value: 'acme' }, plan: { value: 'gold' } })
          const carrier: Record<string, string> = {}
          tracedSpan('s', () => {
            propagation.inject(
              propagation.setBaggage(context.active(), baggage),
              carrier,
              defaultTextMapSetter,
            )
          })
          const names = Object.keys(carrier).filter(
            (name) => name.includes('plan') || name.includes('tenant'),
          )
          assert.deepEqual(names, [propagators[0] === 'jaeger' ? 'uberctx-plan' : 'ot-baggage-plan'])
        },
        { config: { propagators } },
      )
    }
  })
})

suite('on the way in', () => {
  test('tenant and user of a peer that is not listed are neither believed nor passed on, the rest is', async (t) => {
    for (const baggageSources of [[], ['10.0.0.0/8', '::1']]) {
      const { atService, atCallee, servers } = await hop(
        t,
        { baggageSources, baggageDestinations: ['127.0.0.1'] },
        { headers: sent },
      )
      assert.deepEqual([atService.tenant, atService.user], [undefined, undefined])
      assert.equal(atCallee.baggage, 'plan=gold')
      for (const span of servers) assert.equal(span.attributes.tenant_id, undefined)
    }
  })

  test('those of a listed peer are on every span and log line, and go on to listed hosts', async (t) => {
    const headers = { baggage: 'tenant_id=acme,plan=gold,user_id=ann%20b' }
    const { atService, atCallee, servers } = await hop(
      t,
      { baggageSources: ['127.0.0.0/8'], baggageDestinations: ['127.0.0.1'] },
      { headers },
    )
    assert.deepEqual([atService.tenant, atService.user], ['acme', 'ann b'])
    assert.deepEqual([atCallee.tenant, atCallee.user], ['acme', 'ann b'])
    assert.equal(servers.length, 2)
    for (const { attributes } of servers) {
      assert.deepEqual([attributes.tenant_id, attributes.user_id], ['acme', 'ann b'])
    }
  })

  test('those of a listed peer do not go on to hosts that are not listed', async (t) => {
    const { atService, atCallee } = await hop(t, { baggageSources: ['127.0.0.1'] }, { headers: sent })
    assert.equal(atService.tenant, 'evil')
    assert.equal(atCallee.baggage, 'plan=gold')
  })

  test('what the application sets replaces what came', async (t) => {
    const { atCallee } = await hop(
      t,
      { baggageSources: ['127.0.0.1'], baggageDestinations: ['127.0.0.1'] },
      { headers: sent, enter: (work) => correlate({ tenantId: 'acme' }, work) },
    )
    assert.equal(atCallee.tenant, 'acme')
  })
})

suite('a host pattern', () => {
  test('names a host, or everything below a domain but not the domain, nor what merely ends alike', () => {
    const matches = hostMatcher(['api.example.com', '*.internal', '[::1]'])
    for (const host of [
      'api.example.com',
      'API.Example.COM',
      'api.example.com.',
      'a.internal',
      'a.b.internal',
      '::1',
      '[::1]',
    ])
      assert.equal(matches(host), true, host)
    for (const host of [
      'example.com',
      'x.api.example.com',
      'internal',
      '.internal',
      'evilinternal',
      'a.internal.evil.com',
      '',
      '::2',
    ])
      assert.equal(matches(host), false, host)
  })

  test('is not every host', () => {
    for (const text of ['*', '*.', '*.*', 'a.*', '', 'a b', 'a/b', 'http://a', 'a:80']) {
      assert.equal(isHostPattern(text), false, text)
    }
  })
})
