/** TLS of every exporter: whom it trusts, how it shows who it is, and what it says when that does not work. Never downgraded. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { ServerCredentials } from '@grpc/grpc-js'
import type { OtelConfigFields } from '../../src/config.ts'
import { Authority, type Identity, pemDirectory } from '../support/certificates.ts'
import { startCollector } from '../support/collector.ts'
import { atEnd, lost } from '../support/delivery.ts'
import { startHttpCollector } from '../support/http-collector.ts'
import { pipelineTo, until } from '../support/pipeline.ts'
import { listen } from '../support/said.ts'

const protocols = ['grpc', 'http/protobuf'] as const
type Protocol = (typeof protocols)[number]

let authority: Authority
let server: Identity
const files = pemDirectory()
before(async () => {
  authority = await Authority.create()
  server = await authority.issue()
  files.write('ca.pem', authority.cert)
})
after(files.remove)

interface Serving {
  readonly endpoint: string
  readonly port: number
  arrived(): number
}

async function serve(protocol: Protocol, identity: Identity, clientCa?: string): Promise<Serving> {
  const { key, cert } = identity
  if (protocol === 'grpc') {
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }
    const ca = clientCa === undefined ? null : Buffer.from(clientCa)
    const collector = await startCollector(undefined, {
      credentials: ServerCredentials.createSsl(ca, [pair], clientCa !== undefined),
    })
    atEnd(collector.stop)
    const { port } = collector
    return { port, endpoint: `https://localhost:${port}`, arrived: () => collector.spans().length }
  }
  const collector = await startHttpCollector(undefined, {
    key,
    cert,
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  })
  atEnd(collector.stop)
  const { port } = collector
  return { port, endpoint: `https://localhost:${port}/v1/traces`, arrived: () => collector.spans().length }
}

function send(protocol: Protocol, endpoint: string, fields: Partial<OtelConfigFields> = {}) {
  const said = listen()
  const pipeline = pipelineTo(endpoint, { protocol, shutdownTimeout: 200, ...fields })
  atEnd(() => pipeline.pipeline.shutdown())
  return { said, ...pipeline }
}

for (const protocol of protocols) {
  suite(protocol, () => {
    const trusting = () => ({ certificate: files.path('ca.pem') })

    test('a server of the configured authority gets the spans', async () => {
      const { endpoint, arrived } = await serve(protocol, server)
      const { emit, pipeline, ledger } = send(protocol, endpoint, trusting())
      emit(10)
      await pipeline.flush()
      assert.equal(arrived(), 10)
      assert.equal(ledger().exported, 10)
    })

    const untrusted: [what: string, make: () => Promise<Identity>, says: RegExp][] = [
      ['of an unknown authority', async () => (await Authority.create('stranger')).issue(), /certificate/],
      [
        'whose certificate has expired',
        () => authority.issue({ from: -20, to: -10 }),
        /certificate has expired/,
      ],
      ['whose certificate is not valid yet', () => authority.issue({ from: 10 }), /not yet valid/],
      [
        'whose certificate is another host’s',
        () => authority.issue({ host: 'elsewhere.example' }),
        /does not match/,
      ],
    ]
    for (const [what, make, says] of untrusted) {
      test(`a server ${what} gets nothing: the spans are kept, and what is wrong is said`, async () => {
        const { endpoint, arrived } = await serve(protocol, await make())
        const { said, emit, pipeline, ledger } = send(protocol, endpoint, trusting())
        emit(3)
        void pipeline.flush(20_000)
        await until(() => said.length > 0)
        assert.equal(ledger().queued, 3)
        assert.equal(arrived(), 0)
        assert.match(said.join('\n'), says)
        await pipeline.shutdown()
        assert.deepEqual(lost(ledger()), { shutdown: 3 })
      })
    }

    test('the system’s authorities do not know a test’s', async () => {
      const { endpoint, arrived } = await serve(protocol, server)
      const { said, emit, pipeline, ledger } = send(protocol, endpoint)
      emit(1)
      void pipeline.flush(20_000)
      await until(() => said.length > 0)
      assert.deepEqual([ledger().queued, arrived()], [1, 0])
    })

    test('a client certificate is shown where it is asked for, and missed where it is not configured', async () => {
      const { endpoint, arrived } = await serve(protocol, server, authority.cert)
      const without = send(protocol, endpoint, trusting())
      without.emit(2)
      void without.pipeline.flush(20_000)
      await until(() => without.said.length > 0)
      assert.deepEqual([without.ledger().queued, arrived()], [2, 0])
      const { key, cert } = await authority.issue({ host: 'shop', client: true })
      const withOne = send(protocol, endpoint, {
        ...trusting(),
        clientKey: files.write('client-key.pem', key),
        clientCertificate: files.write('client.pem', cert),
      })
      withOne.emit(5)
      await withOne.pipeline.flush()
      assert.equal(withOne.ledger().exported, 5)
    })

    test('a file that is missing is named with its variable, and used once it is there', async () => {
      const { endpoint, arrived } = await serve(protocol, server)
      const certificate = files.path(`late-${protocol.length}.pem`)
      const { said, emit, pipeline, ledger } = send(protocol, endpoint, { certificate })
      emit(4)
      void pipeline.flush(20_000)
      await until(() => said.length > 0)
      assert.match(
        said[0]!,
        new RegExp(`OTEL_EXPORTER_OTLP_CERTIFICATE: '${certificate}' cannot be read: ENOENT`),
      )
      files.write(`late-${protocol.length}.pem`, authority.cert)
      await pipeline.flush(20_000)
      assert.equal(ledger().exported, 4)
      assert.equal(arrived(), 4)
    })

    test('a file with something else in it is named with its variable', async () => {
      const { endpoint } = await serve(protocol, server)
      const { key } = await authority.issue()
      const { cert } = await authority.issue()
      const cases: [Partial<OtelConfigFields>, RegExp][] = [
        [
          { certificate: files.write('text.pem', 'hello') },
          /_CERTIFICATE: '.*text\.pem' holds no certificate/,
        ],
        [
          {
            clientKey: files.write('no-key.pem', cert),
            clientCertificate: files.write('cert.pem', cert),
          },
          /_CLIENT_KEY: '.*no-key\.pem' holds no private key/,
        ],
        [
          { clientKey: files.write('key.pem', key), clientCertificate: files.write('other.pem', cert) },
          /_CLIENT_KEY: '.*key\.pem' is not the key of the certificate '.*other\.pem'/,
        ],
      ]
      for (const [fields, says] of cases) {
        const { said, emit, pipeline, ledger } = send(protocol, endpoint, fields)
        emit(1)
        void pipeline.flush(20_000)
        await until(() => said.length > 0)
        assert.equal(ledger().queued, 1)
        assert.match(said.join('\n'), says)
        await pipeline.shutdown()
      }
    })

    test('plain text to a TLS port, and TLS to a plain one, deliver nothing and say so', async () => {
      const secure = await serve(protocol, server)
      const plain = await startHttpCollector()
      atEnd(plain.stop)
      for (const endpoint of [`http://localhost:${secure.port}`, `https://localhost:${plain.port}`]) {
        const { said, emit, pipeline, ledger } = send(protocol, endpoint, trusting())
        emit(1)
        void pipeline.flush(20_000)
        await until(() => said.length > 0)
        assert.equal(ledger().queued, 1, endpoint)
        assert.match(said.join('\n'), /cannot reach the collector at/)
      }
      assert.equal(secure.arrived(), 0)
      assert.equal(plain.requests.length, 0)
    })
  })
}

test('a server with TLS that speaks HTTP/1 alone is no gRPC server', async () => {
  const { endpoint } = await serve('http/protobuf', server)
  const { said, emit, pipeline, ledger } = send('grpc', endpoint, { certificate: files.path('ca.pem') })
  emit(1)
  void pipeline.flush(20_000)
  await until(() => said.length > 0)
  assert.equal(ledger().queued, 1)
  assert.match(said.join('\n'), /HTTP\/2|no application protocol|ALPN/)
})
