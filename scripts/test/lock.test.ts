import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lockFaults } from '../check/lock.ts'
import { treeOf } from './source-trees.ts'

function faultsOf(packages: object): readonly string[] {
  const lock = JSON.stringify({ lockfileVersion: 3, packages }, undefined, 2)
  return lockFaults(treeOf({ 'package-lock.json': lock })).map(
    ({ line, message }) => `${line} ${message.split(',')[0]}`,
  )
}

describe('the check of the lock file', () => {
  it('passes when everything that is needed has an entry, nested or not', () => {
    const packages = {
      '': { dependencies: { a: '1' } },
      'apps/x': { dependencies: { a: '2', '@s/b': '1' } },
      'apps/x/node_modules/a': { optionalDependencies: { 'a-linux': '2' } },
      'apps/x/node_modules/a/node_modules/a-linux': {},
      'node_modules/a': { dependencies: { '@s/b': '1' } },
      'node_modules/@s/b': { dependencies: { c: '1' } },
      'node_modules/@s/b/node_modules/c': {},
    }
    assert.deepEqual(faultsOf(packages), [])
  })

  it('finds an optional package without an entry', () => {
    const packages = {
      '': { dependencies: { a: '1' } },
      'node_modules/a': { optionalDependencies: { 'a-linux': '1', 'a-win32': '1' } },
      'node_modules/a-linux': {},
    }
    assert.deepEqual(faultsOf(packages), ['9 node_modules/a needs a-win32'])
  })

  it('does not take a package that only another one sees', () => {
    const packages = {
      'node_modules/a': { dependencies: { c: '1' } },
      'node_modules/b/node_modules/c': {},
    }
    assert.deepEqual(faultsOf(packages), ['4 node_modules/a needs c'])
  })
})
