/** Starts that cannot succeed: one line that names what to change, exit code 1, and nothing left behind. */

import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LensProcess } from '../support/lens-process.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

async function listening(): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function freePort(): Promise<number> {
  await using server = await listening()
  return (server.address() as AddressInfo).port
}

for (const variable of ['LENS_PORT', 'LENS_OTLP_GRPC_PORT', 'LENS_OTLP_HTTP_PORT']) {
  test(`names the port and ${variable} when the port is in use, before it touches the data directory`, async () => {
    await using directory = await TemporaryDirectory.create()
    await using other = await listening()
    const { port } = other.address() as AddressInfo
    await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path, [variable]: String(port) })
    const { code, stdout, stderr } = await lens.exited
    assert.equal(
      stderr,
      `rustok-lens: port ${port} on 127.0.0.1 is in use: stop the other process or set ${variable}\n`,
    )
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.deepEqual(await readdir(directory.path), [])
  })
}

test('names two variables that ask for the same port', async () => {
  await using directory = await TemporaryDirectory.create()
  const port = String(await freePort())
  await using lens = new LensProcess({
    RUSTOK_DATA_DIR: directory.path,
    LENS_PORT: port,
    LENS_OTLP_HTTP_PORT: port,
  })
  const { code, stderr } = await lens.exited
  assert.equal(
    stderr,
    `rustok-lens: LENS_OTLP_HTTP_PORT and LENS_PORT are both ${port}: set one to another port\n`,
  )
  assert.equal(code, 1)
})

test('names a data directory that cannot be written to', async () => {
  await using directory = await TemporaryDirectory.create()
  const file = join(directory.path, 'file')
  await writeFile(file, '')
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: join(file, 'data') })
  const { code, stderr } = await lens.exited
  assert.equal(
    stderr,
    `rustok-lens: data directory ${join(file, 'data', 'lens')} cannot be written to (ENOTDIR): set RUSTOK_DATA_DIR\n`,
  )
  assert.equal(code, 1)
})

test('names a data directory on a file system that makes none', async () => {
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: '/proc/data' })
  const { code, stderr } = await lens.exited
  assert.match(
    stderr,
    /^rustok-lens: data directory \/proc\/data\/lens cannot be written to \(\w+\): set RUSTOK_DATA_DIR\n$/,
  )
  assert.equal(code, 1)
})

test('names a data directory that another Lens has open, and leaves that one alone', async () => {
  await using directory = await TemporaryDirectory.create()
  await using first = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const { ui } = await first.ready
  await using second = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const { code, stderr } = await second.exited
  assert.equal(
    stderr,
    `rustok-lens: data directory ${join(directory.path, 'lens')} is in use by another rustok-lens (process ${first.child.pid}): stop it or set RUSTOK_DATA_DIR\n`,
  )
  assert.equal(code, 1)
  assert.equal((await fetch(`${ui}/health/ready`)).status, 200)
})

for (const [words, message] of [
  [['--prot', '1'], 'there is no --prot: did you mean --port?'],
  [['token', '--name', 'ci'], '--role: expected one of ingest, read, admin'],
] as const) {
  test(`explains ${words.join(' ')} in one line, and exits with 2`, async () => {
    await using lens = new LensProcess({}, words)
    const { code, stdout, stderr } = await lens.exited
    assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: `rustok-lens: ${message}\n` })
  })
}

test('says its version and its help, and starts nothing', async () => {
  await using version = new LensProcess({}, ['--version'])
  assert.match((await version.exited).stdout, /^rustok-lens \d+\.\d+\.\d+\n$/)
  await using help = new LensProcess({}, ['--help', '--port', '1'])
  const { code, stdout, stderr } = await help.exited
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.match(stdout, /^Usage: rustok-lens \[flags\]$/m)
})

test('takes flags, which win over variables', async () => {
  await using directory = await TemporaryDirectory.create()
  const port = await freePort()
  const environment = { RUSTOK_DATA_DIR: '/dev/null', LENS_PORT: '1', LENS_RETENTON_DAYS: '7' }
  await using lens = new LensProcess(environment, [`--port=${port}`, '--data-dir', directory.path])
  assert.equal((await lens.ready).ui, `http://127.0.0.1:${port}`)
  const { code, stdout } = await lens.stop()
  assert.equal(code, 0)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
  assert.deepEqual(lines.find(({ msg }) => msg === 'there are no such settings')?.variables, [
    'LENS_RETENTON_DAYS',
  ])
  assert.deepEqual(
    lines.slice(-2).map(({ msg }) => msg),
    ['stopping', 'stopped'],
  )
  const ready = lines.find(({ msg }) => msg === 'ready')
  assert.match(String(ready?.version), /^\d+\.\d+\.\d+/)
  const { LENS_PORT, RUSTOK_DATA_DIR } = (ready?.settings ?? {}) as Readonly<Record<string, string>>
  assert.deepEqual([LENS_PORT, RUSTOK_DATA_DIR], [String(port), directory.path])
})

test('does not listen beyond loopback unless it knows who may come in', async () => {
  await using directory = await TemporaryDirectory.create()
  const environment = { RUSTOK_DATA_DIR: directory.path, LENS_HOST: '0.0.0.0' }
  await using refused = new LensProcess(environment)
  const { code, stderr } = await refused.exited
  assert.match(
    stderr,
    /^rustok-lens: LENS_HOST 0\.0\.0\.0 lets others reach Lens.* LENS_TOKENS_FILE .* LENS_NO_LOGIN=true .*\n$/,
  )
  assert.equal(code, 1)
  assert.deepEqual(await readdir(directory.path), [])

  await using open = new LensProcess({ ...environment, LENS_NO_LOGIN: 'true' })
  const { ui } = await open.ready
  assert.equal((await fetch(`${ui}/api/services`)).status, 200)
  assert.match((await open.stop()).stdout, /"level":40,.*everybody who reaches these ports/)
})

test('names a file of tokens that it cannot use', async () => {
  await using lens = new LensProcess({ LENS_TOKENS_FILE: '/nonexistent/tokens.json' })
  const { code, stderr } = await lens.exited
  assert.equal(stderr, 'rustok-lens: LENS_TOKENS_FILE /nonexistent/tokens.json: cannot be read (ENOENT)\n')
  assert.equal(code, 1)
})

test('makes a token, keeps its hash alone, and lets it in; SIGHUP lets in another at once', async () => {
  await using directory = await TemporaryDirectory.create()
  const file = join(directory.path, 'tokens.json')
  const make = async (name: string) => {
    await using made = new LensProcess({ LENS_TOKENS_FILE: file }, [
      'token',
      '--name',
      name,
      '--role',
      'admin',
    ])
    const { code, stdout } = await made.exited
    assert.equal(code, 0)
    return stdout.trim()
  }
  const token = await make('first')
  assert.ok(!(await readFile(file, 'utf8')).includes(token))
  assert.equal((await stat(file)).mode & 0o777, 0o600)

  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path, LENS_TOKENS_FILE: file })
  const { ui } = await lens.ready
  const statusWith = async (token: string) =>
    (await fetch(`${ui}/api/services`, { headers: { authorization: `Bearer ${token}` } })).status
  assert.deepEqual([await statusWith(token), await statusWith('other')], [200, 401])
  const second = await make('second')
  lens.child.kill('SIGHUP')
  while ((await statusWith(second)) !== 200) await sleep(20)
  assert.equal((await lens.stop()).code, 0)
})

test('names a ClickHouse that does not answer', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  await using lens = new LensProcess({ LENS_CLICKHOUSE_URL: url })
  const { code, stderr } = await lens.exited
  assert.match(stderr, new RegExp(`^rustok-lens: LENS_CLICKHOUSE_URL ${url} cannot be used: .+\n$`))
  assert.equal(code, 1)
})

test('names a bad variable and its value', async () => {
  await using lens = new LensProcess({ LENS_OTLP_GRPC_PORT: 'http' })
  const { code, stderr } = await lens.exited
  assert.equal(stderr, 'rustok-lens: LENS_OTLP_GRPC_PORT is "http": expected a port from 0 to 65535\n')
  assert.equal(code, 1)
})

test('keeps its data in a directory whose path is too long for a socket', async () => {
  await using directory = await TemporaryDirectory.create()
  const deep = join(directory.path, 'd'.repeat(120))
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: deep })
  const { ui } = await lens.ready
  assert.equal((await fetch(`${ui}/health/ready`)).status, 200)
  assert.equal((await lens.stop()).code, 0)
})
