/** The active context through everything asynchronous that Node offers: for each, two pieces of work at once, each with its own. */
import assert from 'node:assert/strict'
import { exec } from 'node:child_process'
import { pbkdf2, randomBytes } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import { lookup } from 'node:dns'
import { EventEmitter, on, once } from 'node:events'
import { readFile, stat } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { createServer, get, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { createInterface } from 'node:readline'
import { PassThrough, pipeline, Readable, Transform, Writable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel, Worker } from 'node:worker_threads'
import { gzip } from 'node:zlib'
import { context, createContextKey } from '@opentelemetry/api'
import { OtelConfig } from '../../src/config.ts'
import { initTracing, shutdown } from '../../src/tracing.ts'

const key = createContextKey('through')
const active = () => context.active().getValue(key)
const file = new URL(import.meta.url)

/** Calls `see` wherever its way leads; resolves when it is through. */
type Way = (see: () => void) => Promise<unknown>

/** A callback of Node's kind that sees, then resolves. */
const calling = (see: () => void, start: (callback: () => void) => unknown) =>
  new Promise<void>((resolve) => {
    start(() => {
      see()
      resolve()
    })
  })

async function* counting(see: () => void) {
  for (let i = 0; i < 3; i++) {
    await sleep(1)
    see()
    yield i
  }
}

const ways: Record<string, Way> = {
  'promises and awaits': async (see) => {
    await Promise.resolve().then(see)
    await Promise.reject(new Error('x')).catch(see).finally(see)
    await Promise.allSettled([sleep(1), Promise.reject(new Error('x'))]).then(see)
    see()
  },
  'a thenable': async (see) => {
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: what is tested.
      then(resolve: (value: number) => void) {
        see()
        setImmediate(resolve, 1)
      },
    }
    await thenable
    see()
  },
  'a promise that somebody else settles': (see) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    context.with(context.active().setValue(key, 'the settler'), () => setImmediate(resolve))
    return promise.then(see)
  },
  timers: async (see) => {
    await calling(see, (callback) => setTimeout(callback, 1))
    let interval: NodeJS.Timeout | undefined
    await calling(see, (callback) => {
      interval = setInterval(callback, 1)
    })
    clearInterval(interval)
  },
  'immediates, ticks and microtasks': async (see) => {
    await calling(see, setImmediate)
    await calling(see, (callback) => process.nextTick(callback))
    await calling(see, queueMicrotask)
  },
  'async generators': async (see) => {
    for await (const _ of counting(see)) see()
    const generator = counting(see)
    await generator.next()
    await generator.return(undefined)
    see()
  },
  'emitters, by who emits': async (see) => {
    const emitter = new EventEmitter()
    emitter.on('e', see)
    await sleep(1)
    emitter.emit('e')
    setImmediate(() => emitter.emit('ready'))
    await once(emitter, 'ready')
    see()
    setImmediate(() => emitter.emit('item', 1))
    for await (const _ of on(emitter, 'item')) {
      see()
      break
    }
  },
  'event targets and signals': async (see) => {
    const target = new EventTarget()
    target.addEventListener('e', see)
    await sleep(1)
    target.dispatchEvent(new Event('e'))
    const controller = new AbortController()
    controller.signal.addEventListener('abort', see)
    setTimeout(() => controller.abort(), 1)
    await sleep(5)
  },
  streams: async (see) => {
    for await (const _ of Readable.from(counting(see))) see()
    const upper = new Transform({
      transform(chunk, _, done) {
        see()
        setImmediate(done, null, chunk)
      },
    })
    const sink = new Writable({
      write(_, __, done) {
        see()
        setTimeout(done, 1)
      },
    })
    await calling(see, (callback) =>
      pipeline(Readable.from(['a', 'b', 'c']), upper, new PassThrough(), sink, callback),
    )
    const web = new Response('abc').body!.pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          see()
          controller.enqueue(chunk)
        },
      }),
    )
    for await (const _ of web) see()
  },
  files: async (see) => {
    await calling(see, (callback) => readFile(file, callback))
    await calling(see, (callback) => stat(file, callback))
    await readdir('.').then(see)
    const handle = await open(file)
    see()
    for await (const _ of handle.readLines()) {
      see()
      break
    }
    await handle.close()
    see()
  },
  'the thread pool': async (see) => {
    await calling(see, (callback) => pbkdf2('a', 'b', 1, 8, 'sha256', callback))
    await calling(see, (callback) => randomBytes(8, callback))
    await calling(see, (callback) => gzip('text', callback))
    await calling(see, (callback) => lookup('localhost', callback))
    await crypto.subtle.digest('SHA-256', new Uint8Array(3)).then(see)
  },
  'child processes': (see) => calling(see, (callback) => exec('exit 0', callback)),
  sockets: async (see) => {
    const server = createTcpServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await calling(see, (callback) => socket.on('connect', callback))
    socket.write('x')
    await calling(see, (callback) => socket.on('data', callback))
    await calling(see, (callback) => socket.on('close', callback).end())
    server.close()
  },
  'HTTP requests': async (see) => {
    const server = createServer((_, response) => response.end('x'.repeat(100))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    // The second of each goes over a connection that the first has made.
    for (let i = 0; i < 2; i++) {
      await new Promise<void>((resolve) => {
        get({ port, host: '127.0.0.1' }, (response: IncomingMessage) => {
          see()
          response.on('data', see).on('end', () => {
            see()
            resolve()
          })
        })
      })
      await (await fetch(`http://127.0.0.1:${port}`)).text()
      see()
    }
    server.closeAllConnections()
    server.close()
  },
  'lines of text': async (see) => {
    for await (const _ of createInterface({ input: Readable.from(['a\n', 'b\n']) })) see()
  },
  'message ports': async (see) => {
    const { port1, port2 } = new MessageChannel()
    await calling(see, (callback) => {
      port1.on('message', callback)
      port2.postMessage(1)
    })
    port1.close()
  },
  'workers that it made': async (see) => {
    const worker = new Worker("require('node:worker_threads').parentPort.postMessage(1)", {
      eval: true,
      execArgv: [],
    })
    // It may have exited by the time that its message is seen.
    const exited = calling(see, (callback) => worker.on('exit', callback))
    await calling(see, (callback) => worker.on('message', callback))
    await exited
  },
  'diagnostics channels': async (see) => {
    const ours = channel('rustok:test')
    ours.subscribe(see)
    await sleep(1)
    ours.publish({})
    ours.unsubscribe(see)
  },
}

suite('the active context is carried through', () => {
  before(() => initTracing(new OtelConfig({ logLevel: 'none', enabled: false })))
  after(shutdown)

  for (const [what, way] of Object.entries(ways)) {
    test(what, async () => {
      const go = (name: string) => {
        const seen: unknown[] = []
        const within = context.active().setValue(key, name)
        return context.with(within, () => way(() => void seen.push(active()))).then(() => seen)
      }
      // One after the other where both would hear each other's events.
      const [first, second] = what.includes('channels')
        ? [await go('first'), await go('second')]
        : await Promise.all([go('first'), go('second')])
      assert.ok(first!.length > 0)
      assert.deepEqual(first, Array(first!.length).fill('first'))
      assert.deepEqual(second, Array(first!.length).fill('second'))
      assert.equal(active(), undefined)
    })
  }
})
