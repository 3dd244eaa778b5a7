/** Starts that cannot succeed: one line that names what to change, exit code 1, and nothing left behind. */

import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
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

test('names a data directory that another Lens has open, and leaves that one alone', async () => {
  await using directory = await TemporaryDirectory.create()
  await using first = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const { ui } = await first.ready
  await using second = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const { code, stderr } = await second.exited
  assert.equal(
    stderr,
    `rustok-lens: data directory ${join(directory.path, 'lens')} is in use by another rustok-lens: stop it or set RUSTOK_DATA_DIR\n`,
  )
  assert.equal(code, 1)
  assert.equal((await fetch(`${ui}/health/ready`)).status, 200)
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
