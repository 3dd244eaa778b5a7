/**
 * `npm run soak -- own-feature`: the types of the code in `YOUR_OWN_FEATURE.md`, in a copy of the server. A soak because all of the server is checked
 * with it, which takes 16 s of CPU; `npm test` runs that code.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { copyServer } from '../test/support/own-feature.ts'

const workspace = mkdtempSync(join(tmpdir(), 'rustok-own-feature-'))
try {
  copyServer(workspace)
  const config = { extends: './tsconfig.base.json', include: ['apps/server/src'] }
  writeFileSync(join(workspace, 'tsconfig.json'), JSON.stringify(config))
  const tsc = resolve(import.meta.dirname, '../../../node_modules/.bin/tsc')
  const { status } = spawnSync(tsc, ['-p', workspace], { stdio: 'inherit' })
  if (status === 0) console.log('no type errors')
  else process.exitCode = 1
} finally {
  rmSync(workspace, { recursive: true, force: true })
}
