/** The file of tokens: who may have written it, and what happens when it changes while Lens runs. */

import assert from 'node:assert/strict'
import { chmod, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { digestOf, newToken } from '../../src/access/token-book.ts'
import { TokenFile } from '../../src/access/token-file.ts'
import { StartupError } from '../../src/startup-error.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const silent = pino({ level: 'silent' })
let directory: TemporaryDirectory
before(async () => {
  directory = await TemporaryDirectory.create()
})
after(() => directory[Symbol.asyncDispose]())

function fileWith(token: string): string {
  return JSON.stringify({ tokens: [{ name: 'a', role: 'admin', sha256: digestOf(token).toString('hex') }] })
}

async function written(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(directory.path, name)
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}

for (const mode of [0o620, 0o602, 0o666]) {
  test(`refuses a file of mode ${mode.toString(8)}, into which others could write themselves`, async () => {
    const path = await written(`mode-${mode}`, fileWith(newToken()), mode)
    await assert.rejects(
      TokenFile.open(path, silent),
      new StartupError(`LENS_TOKENS_FILE ${path}: others may write to it: chmod go-w`),
    )
  })
}

test('takes a file that others may read, as mounted secrets are', async () => {
  const token = newToken()
  const file = await TokenFile.open(await written('readable', fileWith(token), 0o644), silent)
  assert.ok(file.book.find(token))
  file.close()
})

test('names a file that is not there, and one that is none of tokens', async () => {
  const missing = join(directory.path, 'missing')
  await assert.rejects(
    TokenFile.open(missing, silent),
    new StartupError(`LENS_TOKENS_FILE ${missing}: cannot be read (ENOENT)`),
  )
  const bad = await written('bad', '{"tokens": 1}')
  await assert.rejects(
    TokenFile.open(bad, silent),
    new StartupError(`LENS_TOKENS_FILE ${bad}: expected {"tokens": […]}`),
  )
})

test('follows a file that is replaced, by itself', { timeout: 60_000 }, async () => {
  const [old, next] = [newToken(), newToken()]
  const path = await written('replaced', fileWith(old))
  const file = await TokenFile.open(path, silent)
  await rename(await written('replacement', fileWith(next)), path)
  while (file.book.find(next) === undefined) await sleep(50)
  assert.equal(file.book.find(old), undefined)
  file.close()
})

test('keeps the tokens that it has when the file turns bad, and says why', async () => {
  const token = newToken()
  const said: string[] = []
  const log = pino({ level: 'error' }, { write: (line: string) => void said.push(line) })
  const path = await written('turns-bad', fileWith(token))
  const file = await TokenFile.open(path, log)
  for (const [text, mode, reason] of [
    ['{"tokens"', 0o600, 'not JSON'],
    [fileWith(newToken()), 0o666, 'others may write to it: chmod go-w'],
  ] as const) {
    await written('turns-bad', text, mode)
    await file.reload()
    assert.ok(file.book.find(token))
    assert.equal((JSON.parse(said.at(-1) ?? '{}') as { reason?: string }).reason, reason)
    assert.doesNotMatch(said.join(), new RegExp(token))
  }
  file.close()
})
