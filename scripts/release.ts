/**
 * `npm run release`: makes the next version of what stands in .changeset. Changesets raises the versions, which are one, and writes each part's
 * CHANGELOG.md; this adds what it does not know: the root, names of images, jobs and tarballs, the lock. Nothing is committed or published: that is the tag's workflow.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readArguments, refuse } from './arguments.ts'
import { readSourceTree } from './check/source-tree.ts'
import { withVersion } from './release/mentions.ts'

const help = `npm run release

Raises all versions by what stands in .changeset, writes the changelogs, and puts the version wherever it is named.
Look at the difference, run npm test, commit, and tag the commit v<version>: the workflow publishes.`

readArguments('npm run release', help, { options: {} })
const root = join(import.meta.dirname, '..')
const versionOf = (folder: string): string =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).version

const changes = globSync('.changeset/*.md', { cwd: root })
if (changes.length === 0) refuse('npm run release', 'there is nothing in .changeset: npm run changeset')

const workspaces = globSync('{packages/*,apps/*,apps/lens/ui,bench,e2e,examples}/package.json', { cwd: root })
const changelogs = workspaces.map((manifest) => join(root, manifest, '../CHANGELOG.md'))
const unwanted = changelogs.filter((file) => !existsSync(file))
run('node_modules/@changesets/cli/bin.js', 'version')
// Changesets writes one for each workspace; those that nobody installs have none.
for (const file of unwanted) rmSync(file, { force: true })

const version = versionOf('packages/telemetry')
const manifest = readFileSync(join(root, 'package.json'), 'utf8')
writeFileSync(
  join(root, 'package.json'),
  manifest.replace(`"version": "${versionOf('.')}"`, `"version": "${version}"`),
)
const tree = readSourceTree()
for (const file of tree.files.filter(
  (name) => /\.(md|ya?ml)$|Containerfile$/.test(name) && !name.endsWith('CHANGELOG.md'),
)) {
  const text = tree.read(file)
  const renewed = withVersion(text, version)
  if (renewed !== text) writeFileSync(join(root, file), renewed)
}
const lock = spawnSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--loglevel=error'], {
  cwd: root,
  stdio: 'inherit',
})
if (lock.status !== 0) refuse('npm run release', 'npm did not renew the lock: see its message above')
console.log(`\n${version}: look at the difference, run npm test, commit, and tag the commit v${version}.`)

function run(script: string, ...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}
