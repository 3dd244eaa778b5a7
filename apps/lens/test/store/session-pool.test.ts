/** The places of the engine's sessions, when statements fail and sessions cannot be opened again. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PooledSession, SessionPool } from '../../src/store/embedded/session-pool.ts'

/** Stands in for chDB, which cannot be made to refuse a session at a chosen moment. */
class Sessions {
  opened = 0
  closed = 0
  refuses = false

  open = (): PooledSession => {
    if (this.refuses) throw new Error('no session')
    const mark = `session ${++this.opened}`
    const close = () => {
      this.closed++
      throw new Error('closing fails, too')
    }
    return {
      session: { close, queryAsync: () => Promise.reject(new Error('not asked')) },
      mark,
      state: new Map(),
    }
  }
}

const fails = async () => {
  throw new Error('the statement failed')
}
const markOf = async ({ mark }: PooledSession) => mark

test('gives the place of a failed statement a new session', async () => {
  const sessions = new Sessions()
  const pool = new SessionPool(1, sessions.open)
  await assert.rejects(pool.use(fails), /the statement failed/)
  assert.equal(await pool.use(markOf), 'session 2')
  assert.equal(sessions.closed, 1)
})

test('keeps the place when its session cannot be opened again, and opens one for who comes when it can', async () => {
  const sessions = new Sessions()
  const pool = new SessionPool(1, sessions.open)
  sessions.refuses = true
  await assert.rejects(
    pool.use(async () => {
      throw new Error('the statement failed')
    }),
    /the statement failed/,
  )
  await assert.rejects(pool.use(markOf), /no session/)
  await assert.rejects(pool.use(markOf), /no session/)
  sessions.refuses = false
  assert.equal(await pool.use(markOf), 'session 2')
})

test('answers everybody in line while sessions cannot be opened', async () => {
  const sessions = new Sessions()
  const pool = new SessionPool(2, sessions.open)
  sessions.refuses = true
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => pool.use(fails)))
  const words = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.message : 'done'))
  assert.deepEqual([...new Set(words)], ['the statement failed', 'no session'])
  sessions.refuses = false
  const marks = await Promise.all([pool.use(markOf), pool.use(markOf)])
  assert.deepEqual(marks, ['session 3', 'session 4'])
})

test('runs no more at once than there are places', async () => {
  const pool = new SessionPool(3, new Sessions().open)
  let running = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
  }
  await Promise.all(Array.from({ length: 30 }, () => pool.use(work)))
  assert.equal(most, 3)
})
