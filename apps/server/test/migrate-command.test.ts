/** `rustok-server migrate` as an operator uses it: looks first, applies, looks again. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { unpackEmptyCluster } from './support/empty-cluster.ts'
import { ServerProcess } from './support/server-process.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'rustok-migrate-'))
before(() => unpackEmptyCluster(directory))
after(() => rmSync(directory, { recursive: true, force: true }))

async function migrate(...args: readonly string[]) {
  const child = new ServerProcess({ RUSTOK_DATA_DIR: directory }, ['migrate', ...args])
  const { code } = await child.exited
  return { code, stdout: child.stdout, stderr: child.stderr }
}

test('says what is missing and changes nothing, applies it, and is done', async () => {
  const missing = await migrate('--status')
  assert.equal(missing.code, 1, missing.stderr)
  assert.match(missing.stdout, /^missing 0001-identity\nmissing 0002-content\n/)
  assert.deepEqual(await migrate('--dry-run'), { ...missing, code: 0 })
  const applied = missing.stdout.replaceAll('missing', 'applied')
  assert.deepEqual(await migrate(), { code: 0, stdout: applied, stderr: '' })
  const done = { code: 0, stdout: 'the database is up to date\n', stderr: '' }
  assert.deepEqual(await migrate('--status'), done)
  assert.deepEqual(await migrate(), done)
})

test('says in one line what it does not understand', async () => {
  assert.deepEqual(await migrate('--down'), {
    code: 2,
    stdout: '',
    stderr: 'rustok-server: migrate takes one of: --status, --dry-run\n',
  })
})
