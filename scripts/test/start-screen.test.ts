import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it, type TestContext } from 'node:test'
import { stripVTControlCharacters, styleText } from 'node:util'
import { expectedCollector } from '../start/addresses.ts'
import { versionPrintsHeaders } from '../start/curl.ts'
import { plain } from '../start/paint.ts'
import { renderScreen, type Screen } from '../start/screen.ts'
import { writeTree } from './source-trees.ts'

const screen: Screen = {
  seconds: 2.84,
  lens: {
    urls: {
      ui: 'http://127.0.0.1:16686',
      otlpGrpc: 'http://127.0.0.1:4317',
      otlpHttp: 'http://127.0.0.1:4318',
    },
  },
  server: {
    url: 'http://127.0.0.1:5150',
    demo: {
      tenants: [
        {
          id: 'acme',
          name: 'Acme Corp',
          users: [
            {
              id: 'ada',
              name: 'Ada Park',
              role: 'admin',
              email: 'ada@acme.example',
              password: 'secret',
              token: 'aa.bb.cc',
            },
          ],
        },
        {
          id: 'globex',
          name: 'Globex',
          users: [
            {
              id: 'dev',
              name: 'Dev Singh',
              role: 'author',
              email: 'dev@globex.example',
              password: 'secret',
              token: 'dd.ee.ff',
            },
          ],
        },
      ],
    },
  },
  curlPrintsHeaders: true,
  logFiles: ['.rustok/logs/server.log', '.rustok/logs/lens.log'],
  notes: [],
}

/** The arguments that a shell makes of the printed command. */
function pastedArguments(t: TestContext, text: string): string[] {
  const command = /^curl (?:.*\\\n)*.*$/m.exec(text)?.[0] ?? ''
  const fake = '#!/bin/sh\nfor argument do printf "%s\\0" "$argument"; done\n'
  const path = writeTree(t, { curl: fake })
  execFileSync('chmod', ['+x', `${path}/curl`])
  const output = execFileSync('sh', ['-c', command], {
    env: { PATH: `${path}:${process.env.PATH}` },
    encoding: 'utf8',
  })
  return output.split('\0').slice(0, -1)
}

describe('the screen of npm start', () => {
  it('shows every address', () => {
    const text = renderScreen(screen, plain)
    assert.match(text, /^ {2}Lens +http:\/\/127\.0\.0\.1:16686 /m)
    assert.match(text, /^ {2}GraphQL +http:\/\/127\.0\.0\.1:5150\/graphql /m)
    assert.match(text, /^ {2}OTLP gRPC +http:\/\/127\.0\.0\.1:4317 /m)
    assert.match(text, /^ {2}OTLP HTTP +http:\/\/127\.0\.0\.1:4318\/v1\/traces$/m)
    assert.match(text, /http:\/\/127\.0\.0\.1:16686\/search\?tenant=acme$/m)
  })

  it('puts each token alone on its line, so that one click copies it', () => {
    const lines = renderScreen(screen, plain).split('\n')
    assert.ok(lines.includes('aa.bb.cc'))
    assert.ok(lines.includes('dd.ee.ff'))
    assert.match(
      lines[lines.indexOf('dd.ee.ff') - 1] ?? '',
      /Globex \(tenant globex\), token of Dev Singh, author/,
    )
  })

  it('says how somebody of the first tenant signs in', () => {
    const text = renderScreen(screen, plain)
    assert.match(
      text,
      /Or sign in as Ada Park: POST http:\/\/127\.0\.0\.1:5150\/auth\/sign-in with X-Tenant-ID: acme and$/m,
    )
    assert.ok(text.split('\n').includes('  {"email":"ada@acme.example","password":"secret"}'))
  })

  it('prints a command that a shell reads as it was meant', (t) => {
    const args = pastedArguments(t, renderScreen(screen, plain))
    assert.equal(args[1], 'http://127.0.0.1:5150/graphql')
    assert.ok(args.includes('authorization: Bearer aa.bb.cc'))
    const { query } = JSON.parse(args[args.indexOf('-d') + 1] ?? '') as { query: string }
    assert.match(query, /^mutation \{ createNode\(input: \{ title: "First light" \}\)/)
    assert.equal(args.at(-1), '\\nTrace: http://127.0.0.1:16686/trace/%header{x-trace-id}\\n')
  })

  it('has an old curl show the headers, and says where to look', (t) => {
    const text = renderScreen({ ...screen, curlPrintsHeaders: false }, plain)
    const args = pastedArguments(t, text)
    assert.ok(args.includes('-i'))
    assert.equal(args.at(-1), '\\n')
    assert.match(
      text,
      /The x-trace-id in its answer is the trace: http:\/\/127\.0\.0\.1:16686\/trace\/<x-trace-id>/,
    )
  })

  it('works without demo tenants', () => {
    const text = renderScreen({ ...screen, server: { url: 'http://127.0.0.1:5150' } }, plain)
    assert.doesNotMatch(text, /curl|undefined|token/)
    assert.match(text, /Lens +http/)
  })

  it('says the same with and without colours', () => {
    const coloured = renderScreen(screen, (style, text) => styleText(style, text, { validateStream: false }))
    assert.notEqual(coloured, renderScreen(screen, plain))
    assert.equal(stripVTControlCharacters(coloured), renderScreen(screen, plain))
  })

  it('keeps everything but tokens and the command within 110 columns', () => {
    const long = renderScreen({ ...screen, curlPrintsHeaders: false, notes: ['Lens was empty.'] }, plain)
    const prose = long.split('\n').filter((line) => !/^(curl| {2}-)/.test(line))
    assert.deepEqual(
      prose.filter((line) => line.length > 110),
      [],
    )
  })
})

describe('expectedCollector', () => {
  it('is what Lens listens on by default', () => {
    assert.equal(expectedCollector({}), 'http://127.0.0.1:4317')
    assert.equal(expectedCollector({ LENS_OTLP_GRPC_PORT: '', LENS_HOST: ' ' }), 'http://127.0.0.1:4317')
  })

  it('follows the variables of Lens', () => {
    assert.equal(expectedCollector({ LENS_OTLP_GRPC_PORT: '14317', LENS_HOST: 'box' }), 'http://box:14317')
  })

  it('reaches a Lens on all interfaces through the loopback one', () => {
    assert.equal(expectedCollector({ LENS_HOST: '0.0.0.0' }), 'http://127.0.0.1:4317')
    assert.equal(expectedCollector({ LENS_HOST: '::' }), 'http://[::1]:4317')
    assert.equal(expectedCollector({ LENS_HOST: 'fe80::1' }), 'http://[fe80::1]:4317')
  })

  it('is unknown while the system is to choose, or Lens will refuse', () => {
    for (const port of ['0', '00', '-1', 'x', '1e3', '123456']) {
      assert.equal(expectedCollector({ LENS_OTLP_GRPC_PORT: port }), undefined, port)
    }
  })
})

describe('versionPrintsHeaders', () => {
  it('is true from 7.84 on', () => {
    assert.equal(versionPrintsHeaders('curl 7.83.1 (x86_64-pc-linux-gnu) libcurl/7.83.1'), false)
    assert.equal(versionPrintsHeaders('curl 7.84.0 (x86_64-pc-linux-gnu)'), true)
    assert.equal(versionPrintsHeaders('curl 7.9.8'), false)
    assert.equal(versionPrintsHeaders('curl 8.0.1'), true)
    assert.equal(versionPrintsHeaders('something else'), false)
  })
})
