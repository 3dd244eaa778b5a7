import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writeTree } from './source-trees.ts'

const testFile = fileURLToPath(new URL('../test.ts', import.meta.url))
const passing = `import { it } from 'node:test'\nit('passes', () => {})`
const failing = `import { it } from 'node:test'\nit('fails', () => { throw new Error('because') })`

// The runner refuses to run within a test file, which it knows by this variable.
const { NODE_TEST_CONTEXT: _, ...env } = process.env

function test(cwd: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [testFile, ...args], { cwd, env, encoding: 'utf8' })
}

describe('npm test', () => {
  it("runs the tests of every folder and closes with the runner's summary", (t) => {
    const root = writeTree(t, {
      'packages/a/test/deep/one.test.ts': passing,
      'apps/b/test/two.test.ts': passing,
      'apps/lens/ui/test/three.test.ts': passing,
      'e2e/test/four.test.ts': passing,
      'scripts/test/five.test.ts': passing,
      'packages/a/src/not.test.ts': failing,
    })
    const { status, stdout } = test(root, '--no-check')
    assert.equal(status, 0)
    assert.match(stdout, /ℹ tests 5\n/)
    assert.match(stdout, /ℹ duration_ms [\d.]+\s*$/)
  })

  it('fails when one test fails', (t) => {
    const root = writeTree(t, { 'packages/a/test/a.test.ts': passing, 'packages/b/test/b.test.ts': failing })
    const { status, stdout } = test(root, '--no-check')
    assert.equal(status, 1)
    assert.match(stdout, /ℹ pass 1\n/)
    assert.match(stdout, /ℹ fail 1\n/)
    assert.match(stdout, /because/)
  })

  it('runs only what lies below the paths that are named', (t) => {
    const root = writeTree(t, {
      'packages/a/test/a.test.ts': passing,
      'packages/ab/test/b.test.ts': failing,
    })
    assert.equal(test(root, 'packages/a').status, 0)
    assert.equal(test(root, './packages/a/test/a.test.ts').status, 0)
    assert.equal(test(root, 'packages/ab/').status, 1)
  })

  it('fails when a file holds no test', (t) => {
    const root = writeTree(t, {
      'packages/a/test/a.test.ts': passing,
      'packages/a/test/b.test.ts': 'void 0',
    })
    const { status, stderr } = test(root, '--no-check')
    assert.equal(status, 1)
    assert.match(stderr, /^npm test: packages\/a\/test\/b\.test\.ts holds no test$/m)
  })

  it('runs the checks first, and the tests also when those fail', (t) => {
    const root = writeTree(t, { 'package.json': '{"name":"root"}', 'packages/a/test/a.test.ts': passing })
    const { status, stdout, stderr } = test(root)
    assert.equal(status, 1)
    assert.match(stdout, /✘ types.*checks failed: types.*ℹ pass 1\n/s)
    assert.match(stderr, /^npm test: the checks failed/m)
  })

  it('leaves the checks out when paths are named', (t) => {
    const root = writeTree(t, { 'packages/a/test/a.test.ts': passing })
    assert.doesNotMatch(test(root, 'packages').stdout, /types/)
  })

  it('fails when there is nothing to run', (t) => {
    const root = writeTree(t, { 'packages/a/test/a.test.ts': passing })
    assert.equal(test(root, 'packages/b').status, 2)
    assert.equal(test(writeTree(t, {}), '--no-check').status, 2)
    assert.equal(test(root, '--unknown').status, 2)
  })

  it('ends the tests with it when it is interrupted', async (t) => {
    const hanging = `import { it } from 'node:test'\nit('hangs', async () => {
      console.log('at work', process.pid)
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    })`
    const root = writeTree(t, { 'packages/a/test/a.test.ts': hanging })
    const runner = spawn(process.execPath, [testFile, '--no-check'], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => runner.kill('SIGKILL'))
    const pid = await new Promise<number>((resolve) => {
      let output = ''
      runner.stdout.on('data', (chunk) => {
        output += chunk
        const found = /at work (\d+)/.exec(output)?.[1]
        if (found !== undefined) resolve(Number(found))
      })
    })
    runner.kill('SIGINT')
    const [code] = await once(runner, 'exit')
    assert.equal(code, 130)
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  })
})
