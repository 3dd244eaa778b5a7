/** What the server keeps in its directory besides the database: the lock. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { lockDirectory } from '../src/db/directory-lock.ts'
import { makeDirectory } from '../src/make-directory.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'rustok-server-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('locks a directory for one, names the holder to the other, and lets go', () => {
  const lock = lockDirectory(directory, 'RUSTOK_DATA_DIR')
  assert.throws(() => lockDirectory(directory, 'RUSTOK_DATA_DIR'), {
    message: `RUSTOK_DATA_DIR: ${directory} is in use by another process (pid ${process.pid})`,
  })
  lock.release()
  lockDirectory(directory, 'RUSTOK_DATA_DIR').release()
})

test('pays no attention to the files that a dead process left', () => {
  lockDirectory(directory, 'RUSTOK_DATA_DIR').release()
  writeFileSync(path.join(directory, 'server.pid'), `${process.pid}\n`)
  lockDirectory(directory, 'RUSTOK_DATA_DIR').release()
})

test('makes directories with what is missing above them, and ends where none can be made', () => {
  const nested = path.join(directory, 'x', 'y', 'z')
  makeDirectory(nested)
  makeDirectory(nested)
  assert.equal(statSync(nested).mode & 0o777, 0o700)
  writeFileSync(path.join(directory, 'file'), '')
  assert.throws(() => makeDirectory(path.join(directory, 'file', 'below')), { code: 'ENOTDIR' })
  assert.throws(() => makeDirectory('/proc/rustok/server'), { code: 'ENOENT' })
  mkdirSync(path.join(directory, 'there'))
  makeDirectory(path.join(directory, 'there'))
})
