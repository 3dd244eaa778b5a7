/** What the server keeps in its directory besides the database: the lock and the token key. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { lockDirectory } from '../src/db/directory-lock.ts'
import { loadKeyRing } from '../src/identity/load-key-ring.ts'
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

test('makes the key once, readable for its owner alone', () => {
  const nested = path.join(directory, 'a', 'b')
  const { current } = loadKeyRing(undefined, nested)
  assert.equal(current.secret.length, 32)
  assert.equal(loadKeyRing(undefined, nested).current.kid, current.kid)
  assert.deepEqual(readdirSync(nested), ['jwt.key'])
  assert.equal(statSync(path.join(nested, 'jwt.key')).mode & 0o777, 0o600)
  assert.notEqual(loadKeyRing(undefined, directory).current.kid, current.kid)
})

test('does not sign with a key file that is empty or cut off, and does not replace it either', () => {
  const file = path.join(directory, 'jwt.key')
  for (const content of ['', 'c2hvcnQ']) {
    writeFileSync(file, content)
    assert.throws(
      () => loadKeyRing(undefined, directory),
      /^StartupError: RUSTOK_DATA_DIR: .*jwt\.key holds no token key/,
    )
    assert.equal(readFileSync(file, 'utf8'), content)
  }
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
