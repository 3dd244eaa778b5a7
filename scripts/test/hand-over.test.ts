import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { coalesce } from '../hand-over.mjs'

const parentFile = fileURLToPath(new URL('./fixtures/hand-over-parent.mjs', import.meta.url))

describe('coalesce', () => {
  it('takes a repeated signal within the window for an echo of the first', () => {
    const accept = coalesce(250)
    assert.equal(accept('SIGINT', 1000), true)
    assert.equal(accept('SIGINT', 1249), false)
  })

  it('accepts the same signal from the end of the window on', () => {
    const accept = coalesce(250)
    accept('SIGINT', 1000)
    assert.equal(accept('SIGINT', 1250), true)
  })

  it('lets a key that is held down through, at the pace of the window', () => {
    const accept = coalesce(250)
    const accepted = Array.from({ length: 30 }, (_, i) => accept('SIGINT', i * 33)).filter(Boolean)
    assert.equal(accepted.length, 4)
  })

  it('never takes one signal for the echo of another', () => {
    const accept = coalesce(250)
    accept('SIGINT', 1000)
    assert.equal(accept('SIGTERM', 1001), true)
    assert.equal(accept('SIGINT', 1002), true)
  })
})

describe('handOver', { skip: process.platform === 'win32' }, () => {
  it('delivers one Ctrl-C once although the terminal and npm both signal', async (t) => {
    const parent = await start(t, 'stay')
    parent.process.kill('SIGINT')
    // npm's copy arrives on its own, a few milliseconds after the terminal's.
    await sleep(30)
    parent.process.kill('SIGINT')
    assert.equal(await parent.line(), 'SIGINT')
    parent.process.stdin?.end()
    assert.equal(await parent.line(), undefined)
  })

  it('delivers a second Ctrl-C after a pause', async (t) => {
    const parent = await start(t, 'stay')
    parent.process.kill('SIGINT')
    assert.equal(await parent.line(), 'SIGINT')
    await sleep(300)
    parent.process.kill('SIGINT')
    assert.equal(await parent.line(), 'SIGINT')
  })

  it('delivers SIGTERM and SIGHUP', async (t) => {
    const parent = await start(t, 'stay')
    parent.process.kill('SIGTERM')
    assert.equal(await parent.line(), 'SIGTERM')
    parent.process.kill('SIGHUP')
    assert.equal(await parent.line(), 'SIGHUP')
  })

  it("exits with the child's code", async (t) => {
    const parent = await start(t, 'exit', '3')
    assert.equal(await parent.exitCode(), 3)
  })

  it('exits with 128 and the number of the signal that ended the child', async (t) => {
    const parent = await start(t, 'die', 'SIGKILL')
    assert.equal(await parent.exitCode(), 137)
  })

  it('keeps the child out of its process group, so that a key press does not reach it past the parent', async (t) => {
    const parent = await start(t, 'stay')
    assert.doesNotThrow(() => process.kill(-parent.childPid, 0), 'the child leads a group of its own')
  })

  it('ends the child when the parent is killed', async (t) => {
    const parent = await start(t, 'stay')
    parent.process.kill('SIGKILL')
    assert.equal(await parent.line(), 'disconnect')
  })
})

interface Parent {
  readonly process: ChildProcess
  readonly childPid: number
  /** The next line that the child prints; undefined at the end of its output. */
  line(): Promise<string | undefined>
  exitCode(): Promise<number | null>
}

async function start(t: TestContext, ...args: string[]): Promise<Parent> {
  const parent = spawn(process.execPath, [parentFile, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(parent, 'exit') as Promise<[number | null]>
  const lines: AsyncIterator<string> = (createInterface({ input: parent.stdout }) as Interface)[
    Symbol.asyncIterator
  ]()
  const line = async (): Promise<string | undefined> => {
    const next = await lines.next()
    return next.done === true ? undefined : next.value
  }
  const childPid = Number(/^up (\d+)$/.exec((await line()) ?? '')?.[1])
  t.after(async () => {
    parent.stdin.end()
    parent.kill('SIGKILL')
    await exit
  })
  return { process: parent, childPid, line, exitCode: async () => (await exit)[0] }
}
