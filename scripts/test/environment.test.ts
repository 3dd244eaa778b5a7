import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentFaults } from '../check/environment.ts'
import { treeOf } from './source-trees.ts'

const table =
  '| what | variable | default |\n|---|---|---|\n| port | `PORT` | 5150 |\n| hosts | `HOST`, `LENS_HOST` | |\n'

function faultsOf(config: string, readme = table): readonly string[] {
  const faults = environmentFaults(treeOf({ 'apps/server/src/config.ts': config, 'README.md': readme }))
  return faults.map(({ file, line, message }) => `${file}:${line} ${message.split(':')[0]}`)
}

const reading = `const port = read('PORT')\nconst host = env.HOST ?? process.env.LENS_HOST\n`

describe('the check of environment variables', () => {
  it('passes when config.ts and the tables agree', () => {
    assert.deepEqual(faultsOf(reading), [])
  })

  it('finds a variable that no table has', () => {
    const faults = faultsOf(`${reading}const level = read('LOG_LEVEL')\n`)
    assert.deepEqual(faults, ['apps/server/src/config.ts:3 LOG_LEVEL is read here and documented nowhere'])
  })

  it('finds a variable that nothing reads', () => {
    assert.deepEqual(faultsOf(`read('PORT'); env.LENS_HOST`), [
      'README.md:4 HOST is documented here and read by no config.ts',
    ])
  })

  it('takes only a column headed "variable" for documentation', () => {
    const readme = `${table}\n| name | meaning |\n|---|---|\n| \`UNRELATED\` | |\n\nSet \`ALSO_UNRELATED\`.\n`
    assert.deepEqual(faultsOf(reading, readme), [])
  })

  it('finds the environment read outside of config.ts', () => {
    const sources = {
      'apps/server/src/app.ts': `const a = 1\nconst debug = process.env.DEBUG`,
      'apps/server/src/main.ts': 'readConfig(process.env)',
      'apps/server/src/other.ts': 'const { env } = process; process.env[name]',
      'apps/server/src/heap.ts': 'process.env.NODE_OPTIONS',
      'apps/server/test/app.test.ts': 'process.env.DEBUG',
    }
    const faults = environmentFaults(treeOf(sources))
    assert.deepEqual(
      faults.map(({ file, line }) => `${file}:${line}`),
      ['apps/server/src/app.ts:2', 'apps/server/src/other.ts:1'],
    )
  })
})
