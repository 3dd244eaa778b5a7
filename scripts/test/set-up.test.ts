import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isInstalled } from '../set-up.mjs'

describe('isInstalled', () => {
  const wanted = {
    '': {},
    'packages/a': { version: '1' },
    'node_modules/@x/a': {},
    'node_modules/b': { version: '2', integrity: 'sha512-b' },
    'packages/a/node_modules/b': { version: '3', integrity: 'sha512-c' },
    'node_modules/b-win32': { version: '2', integrity: 'sha512-w', optional: true },
  }
  const { 'node_modules/b-win32': _, ...installed } = wanted

  it('is true when everything is there but packages for other platforms', () => {
    assert.equal(isInstalled(wanted, installed), true)
  })

  it('is true when there is more than is wanted', () => {
    assert.equal(isInstalled(wanted, { ...installed, 'node_modules/added': { version: '1' } }), true)
  })

  it('is false when a package is missing, nested or not', () => {
    for (const path of ['node_modules/b', 'packages/a/node_modules/b', 'node_modules/@x/a']) {
      const { [path]: _gone, ...rest } = installed as Record<string, object>
      assert.equal(isInstalled(wanted, rest), false, path)
    }
  })

  it('is false when a package has another version or content', () => {
    const old = { ...installed, 'node_modules/b': { version: '1', integrity: 'sha512-b' } }
    assert.equal(isInstalled(wanted, old), false)
    const other = { ...installed, 'node_modules/b': { version: '2', integrity: 'sha512-other' } }
    assert.equal(isInstalled(wanted, other), false)
  })

  it('is false when an optional package is there in another version', () => {
    const old = { ...installed, 'node_modules/b-win32': { version: '1', integrity: 'sha512-w' } }
    assert.equal(isInstalled(wanted, old), false)
  })
})

describe('run.mjs', () => {
  const runFile = fileURLToPath(new URL('../run.mjs', import.meta.url))

  it('names the commands when it does not know one', () => {
    for (const command of ['nope', 'toString', '']) {
      const { status, stderr } = spawnSync(process.execPath, [runFile, command], { encoding: 'utf8' })
      assert.equal(status, 1)
      assert.match(
        stderr,
        /^rustok: unknown command '.*': one of start, test, e2e, check, format, bench, soak, pack, changeset, release, traffic\n$/,
      )
    }
  })

  it('runs a command with its arguments under the pinned Node and keeps its exit code', () => {
    const { status, stderr } = spawnSync(process.execPath, [runFile, 'check', '--unknown'], {
      encoding: 'utf8',
    })
    assert.equal(status, 2)
    assert.match(stderr, /^npm run check: Unknown option '--unknown'/)
  })
})
