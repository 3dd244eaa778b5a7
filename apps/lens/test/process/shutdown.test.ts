/** Lens stopped or killed at bad moments, and its engine killed under it: whatever was acknowledged is there afterwards. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client, credentials, type status } from '@grpc/grpc-js'
import { encodeTraceRequest, type Span } from '@rustok/otlp'
import type { TraceResponse } from '../../src/api/contract.ts'
import type { LensUrls } from '../../src/lens.ts'
import { LensProcess } from '../support/lens-process.ts'
import { hex, request, span, traceId } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

async function send({ otlpHttp }: LensUrls, spans: readonly Span[]): Promise<void> {
  const response = await fetch(`${otlpHttp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: encodeTraceRequest(request('shop', spans)) as BodyInit,
  })
  assert.equal(response.status, 200)
}

async function storedNames({ ui }: LensUrls, id: Uint8Array): Promise<Set<string>> {
  const response = await fetch(`${ui}/api/lens/traces/${hex(id)}`)
  assert.equal(response.status, 200)
  const { spans } = (await response.json()) as TraceResponse
  return new Set(spans.map(({ name }) => name))
}

/** Sends spans of one trace, one a call, over several streams, until told to stop; the names of those that were acknowledged. */
function keepSending({ otlpGrpc }: LensUrls, id: Uint8Array) {
  const client = new Client(otlpGrpc.replace('http://', ''), credentials.createInsecure())
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
  const same = (bytes: Buffer) => bytes
  const acknowledged = new Set<string>()
  const refusals = new Set<status>()
  let sent = 0
  let stopped = false
  const stream = async () => {
    while (!stopped) {
      const name = `span ${sent++}`
      const body = Buffer.from(encodeTraceRequest(request('shop', [span({ traceId: id, name })])))
      await new Promise<void>((resolve) => {
        client.makeUnaryRequest(path, same, same, body, (error) => {
          if (error === null) acknowledged.add(name)
          else refusals.add(error.code)
          resolve()
        })
      })
    }
  }
  const streams = Promise.all(Array.from({ length: 4 }, stream))
  return {
    acknowledged,
    refusals,
    stop: async () => {
      stopped = true
      await streams
      client.close()
    },
  }
}

/** Of the engine's process: the only child that Lens has. */
async function enginePid(lens: LensProcess): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=', '--ppid', String(lens.child.pid)])
  return Number(stdout.trim())
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Polls for a state that is reached without us. The test's own timeout ends it. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}

test('stores and acknowledges what is in flight on SIGTERM, and exits with 0', async () => {
  await using directory = await TemporaryDirectory.create()
  const id = traceId()
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const sender = keepSending(await lens.ready, id)
  await until(() => sender.acknowledged.size > 20)
  const { code, stderr } = await lens.stop()
  await sender.stop()
  assert.equal(code, 0)
  assert.equal(stderr, '')

  await using again = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const stored = await storedNames(await again.ready, id)
  assert.deepEqual(sender.acknowledged.difference(stored), new Set())
})

test('loses nothing acknowledged when it is killed, and opens again at once', async () => {
  await using directory = await TemporaryDirectory.create()
  const id = traceId()
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const sender = keepSending(await lens.ready, id)
  await until(() => sender.acknowledged.size > 20)
  lens.child.kill('SIGKILL')
  await using again = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const urls = await again.ready
  await sender.stop()
  const stored = await storedNames(urls, id)
  assert.deepEqual(sender.acknowledged.difference(stored), new Set())
})

test('takes its engine along when it is killed', async () => {
  await using directory = await TemporaryDirectory.create()
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  await lens.ready
  const engine = await enginePid(lens)
  assert.ok(isAlive(engine))
  lens.child.kill('SIGKILL')
  await until(() => !isAlive(engine))
})

test('starts an engine that was killed again, loses nothing acknowledged and keeps its senders waiting meanwhile', async () => {
  await using directory = await TemporaryDirectory.create()
  const id = traceId()
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const urls = await lens.ready
  const sender = keepSending(urls, id)
  await until(() => sender.acknowledged.size > 20)
  const engine = await enginePid(lens)
  process.kill(engine, 'SIGKILL')
  const before = sender.acknowledged.size
  await until(() => sender.acknowledged.size > before + 20)
  await sender.stop()
  assert.notEqual(await enginePid(lens), engine)
  assert.deepEqual(sender.refusals, new Set())
  const stored = await storedNames(urls, id)
  assert.deepEqual(sender.acknowledged.difference(stored), new Set())
})

test('says that it is not ready while its engine is stopped, and is again when it goes on', async () => {
  await using directory = await TemporaryDirectory.create()
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  const urls = await lens.ready
  const engine = await enginePid(lens)
  const readiness = async () => (await fetch(`${urls.ui}/health/ready`)).status
  assert.equal(await readiness(), 200)
  process.kill(engine, 'SIGSTOP')
  try {
    assert.equal(await readiness(), 503)
    assert.equal((await fetch(`${urls.ui}/health/live`)).status, 200)
  } finally {
    process.kill(engine, 'SIGCONT')
  }
  await until(async () => (await readiness()) === 200)
  const sent = span()
  await send(urls, [sent])
  assert.equal((await storedNames(urls, sent.traceId)).size, 1)
})

test('exits at once on a second signal', async () => {
  await using directory = await TemporaryDirectory.create()
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  await lens.ready
  const engine = await enginePid(lens)
  // With its engine stopped, an orderly end would take its whole time.
  process.kill(engine, 'SIGSTOP')
  try {
    lens.child.kill('SIGINT')
    await sleep(300)
    assert.equal(lens.child.exitCode, null)
    lens.child.kill('SIGINT')
    assert.equal((await lens.exited).code, 130)
  } finally {
    process.kill(engine, 'SIGCONT')
  }
  await until(() => !isAlive(engine))
})

test('stops as on SIGTERM when its parent closes the channel', async () => {
  await using directory = await TemporaryDirectory.create()
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  await lens.ready
  lens.child.disconnect()
  assert.equal((await lens.exited).code, 0)
})
