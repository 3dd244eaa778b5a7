/** A Lens with tokens, and who sends to it: over gRPC and HTTP, what a token sends is filed under its tenant, whatever the spans say. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { encodeTraceRequest } from '@rustok/otlp'
import type { FacetsResponse } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, request, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'
import { tokenFile } from '../support/token-file.ts'

let directory: TemporaryDirectory
let lens: RunningLens
let tokens: Readonly<Record<'sender' | 'gateway' | 'reader' | 'admin', string>>
before(async () => {
  directory = await TemporaryDirectory.create()
  const file = await tokenFile(directory, {
    sender: { role: 'ingest', tenants: ['acme'] },
    gateway: { role: 'ingest', tenants: ['*'] },
    reader: { role: 'read', tenants: ['*'] },
    admin: { role: 'admin' },
  })
  tokens = file.tokens
  lens = await RunningLens.start({ LENS_TOKENS_FILE: file.path })
})
after(async () => {
  await lens[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

type Sender = keyof typeof tokens | 'nobody' | 'a stranger'

function authorizationOf(sender: Sender): string | undefined {
  if (sender === 'nobody') return undefined
  return `Bearer ${sender === 'a stranger' ? 'lens_stranger' : tokens[sender]}`
}

/** Spans of a service that claim to be of another tenant. */
function claiming(service: string): Uint8Array {
  return encodeTraceRequest(request(service, [span({ attributes: attributes({ tenant_id: 'globex' }) })]))
}

async function tenantsOf(service: string): Promise<readonly string[]> {
  const response = await fetch(`${lens.urls.ui}/api/lens/facets?service=${service}`, {
    headers: { authorization: `Bearer ${tokens.admin}` },
  })
  const { tenants } = (await response.json()) as FacetsResponse
  return tenants.map(({ value }) => value)
}

function overGrpc(body: Uint8Array, authorization: string | undefined): Promise<status> {
  const client = new Client(new URL(lens.urls.otlpGrpc).host, credentials.createInsecure())
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
  const same = (bytes: Buffer) => bytes
  const metadata = new Metadata()
  if (authorization !== undefined) metadata.set('authorization', authorization)
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, Buffer.from(body), metadata, (error: ServiceError | null) => {
      client.close()
      resolve(error === null ? status.OK : error.code)
    })
  })
}

test('says to anybody by gRPC’s health check that it takes spans', async () => {
  const client = new Client(new URL(lens.urls.otlpGrpc).host, credentials.createInsecure())
  const same = (bytes: Buffer) => bytes
  const check = (service: string) =>
    new Promise<string>((resolve) => {
      const name = Buffer.from(service)
      const request = service === '' ? name : Buffer.concat([Uint8Array.of(0x0a, name.length), name])
      const answer = (error: ServiceError | null, bytes?: Buffer) =>
        resolve(error === null ? (bytes?.toString('hex') ?? '') : `${status[error.code]}`)
      client.makeUnaryRequest('/grpc.health.v1.Health/Check', same, same, request, answer)
    })
  const serving = '0801'
  assert.equal(await check(''), serving)
  assert.equal(await check('opentelemetry.proto.collector.trace.v1.TraceService'), serving)
  assert.equal(await check('opentelemetry.proto.collector.metrics.v1.MetricsService'), 'NOT_FOUND')
  client.close()
})

for (const [sender, httpStatus, grpcStatus, tenants] of [
  ['sender', 200, status.OK, ['acme']],
  ['gateway', 200, status.OK, ['globex']],
  ['admin', 200, status.OK, ['globex']],
  ['reader', 403, status.PERMISSION_DENIED, []],
  ['nobody', 401, status.UNAUTHENTICATED, []],
  ['a stranger', 401, status.UNAUTHENTICATED, []],
] as const) {
  test(`files under ${tenants.join() || 'no tenant, and refuses,'} what ${sender} sends over HTTP`, async () => {
    const service = `http-${sender.replace(' ', '-')}`
    const authorization = authorizationOf(sender)
    const response = await lens.post(claiming(service), {
      'content-type': 'application/x-protobuf',
      ...(authorization === undefined ? {} : { authorization }),
    })
    assert.equal(response.status, httpStatus)
    assert.match(response.headers.get('www-authenticate') ?? '', httpStatus === 401 ? /^Bearer/ : /^$/)
    assert.deepEqual(await tenantsOf(service), tenants)
  })

  test(`files under ${tenants.join() || 'no tenant, and refuses,'} what ${sender} sends over gRPC`, async () => {
    const service = `grpc-${sender.replace(' ', '-')}`
    assert.equal(await overGrpc(claiming(service), authorizationOf(sender)), grpcStatus)
    assert.deepEqual(await tenantsOf(service), tenants)
  })
}
