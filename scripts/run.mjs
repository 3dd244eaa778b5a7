// @ts-check
// Entry of every npm script. It must run on an old Node (20) with no package installed: it brings the
// clone to readiness, then hands over to the pinned Node that the lock file installs.
import { delimiter, dirname } from 'node:path'
import { handOver } from './hand-over.mjs'
import { buildUi, installDebianPackages, installPackages, pinnedNode, root, SetUpError } from './set-up.mjs'

/**
 * What each command needs besides packages, and what the pinned Node then runs.
 *
 * @type {Record<string, { needs: readonly (() => void)[], args: readonly string[] }>}
 */
const commands = {
  start: { needs: [buildUi], args: ['scripts/start.ts'] },
  test: { needs: [installDebianPackages, buildUi], args: ['scripts/test.ts'] },
  e2e: { needs: [installDebianPackages, buildUi], args: ['scripts/test.ts', 'e2e'] },
  check: { needs: [], args: ['scripts/check.ts'] },
  format: { needs: [], args: ['scripts/check.ts', '--fix'] },
  bench: { needs: [buildUi], args: ['bench/main.ts'] },
  soak: { needs: [], args: ['scripts/soak.ts'] },
  pack: { needs: [], args: ['scripts/pack.ts'] },
  changeset: { needs: [], args: ['node_modules/@changesets/cli/bin.js'] },
  release: { needs: [], args: ['scripts/release.ts'] },
  traffic: { needs: [], args: ['scripts/traffic.ts'] },
}

const [name = '', ...rest] = process.argv.slice(2)
try {
  process.exit(await run())
} catch (error) {
  if (!(error instanceof SetUpError)) throw error
  process.stderr.write(`rustok: ${error.message}\n`)
  process.exit(1)
}

async function run() {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    throw new SetUpError(`unknown command '${name}': one of ${Object.keys(commands).join(', ')}`)
  }
  installPackages()
  for (const bring of command.needs) bring()
  const path = [dirname(pinnedNode), process.env.PATH].filter(Boolean).join(delimiter)
  return handOver(pinnedNode, [...command.args, ...rest], { cwd: root, env: { ...process.env, PATH: path } })
}
