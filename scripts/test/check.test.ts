import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writeTree } from './source-trees.ts'

const checkFile = fileURLToPath(new URL('../check.ts', import.meta.url))

function repository(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = writeTree(t, files)
  execFileSync('git', ['init', '-q'], { cwd: root })
  return root
}

function check(cwd: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [checkFile, ...args], { cwd, encoding: 'utf8' })
}

const manifest = JSON.stringify({ name: 'root', scripts: {} })

describe('npm run check', () => {
  it('ends with 0 when there is nothing to say', (t) => {
    const { status, stdout } = check(
      repository(t, { 'package.json': manifest, 'README.md': '# Here' }),
      'imports',
      'docs',
    )
    assert.equal(status, 0)
    assert.match(stdout, /✔ imports/)
    assert.match(stdout, /✔ docs/)
  })

  it('shows the failures of all steps and ends with 1', (t) => {
    const root = repository(t, {
      'package.json': manifest,
      'README.md': '[gone](gone.md)',
      'scripts/a.ts': `import { a } from '../apps/server/src/app.ts'`,
      'ignored/b.ts': `import from`,
      '.gitignore': 'ignored/',
    })
    const { status, stdout } = check(root, 'imports', 'docs')
    assert.equal(status, 1)
    assert.match(stdout, /^scripts\/a\.ts:1 {2}\[private-path\]/m)
    assert.match(stdout, /^README\.md:1 {2}\[link\]/m)
    assert.match(stdout, /2 of 2 checks failed/)
    assert.doesNotMatch(stdout, /ignored/)
  })

  it('checks an unpacked archive, where there is no git', (t) => {
    const root = writeTree(t, {
      'package.json': manifest,
      'node_modules/x/README.md': '[gone](gone.md)',
      'docs/a.md': '[gone](gone.md)',
    })
    const { status, stdout } = check(root, 'docs')
    assert.equal(status, 1)
    assert.match(stdout, /^docs\/a\.md:1/m)
    assert.doesNotMatch(stdout, /node_modules/)
  })

  it('runs only the steps that were named', (t) => {
    const root = repository(t, { 'package.json': manifest, 'README.md': '[gone](gone.md)' })
    assert.equal(check(root, 'imports').status, 0)
  })

  it('refuses a step or a flag that it does not know', (t) => {
    const root = repository(t, { 'package.json': manifest })
    const step = check(root, 'import')
    assert.equal(step.status, 2)
    assert.match(step.stderr, /^npm run check: there is no step 'import': it is one of types, .*imports/)
    const flag = check(root, '--fixx')
    assert.equal(flag.status, 2)
    assert.match(flag.stderr, /^npm run check: Unknown option '--fixx'/)
  })
})
