/** One version everywhere, and changesets that name what there is: what `npm run release` relies on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readSourceTree } from '../check/source-tree.ts'
import { mentionedVersions, withVersion } from '../release/mentions.ts'

const tree = readSourceTree()
const manifests = tree.files
  .filter((file) =>
    /^(?:(?:packages|apps)\/[^/]+\/|apps\/lens\/ui\/|bench\/|e2e\/|examples\/)?package\.json$/.test(file),
  )
  .map((file) => JSON.parse(tree.read(file)) as Record<string, unknown>)
const { version } = JSON.parse(tree.read('package.json')) as { version: string }

test('all packages have one version, and depend on each other by it', () => {
  assert.ok(manifests.length >= 9)
  const names = new Set(manifests.map(({ name }) => name))
  for (const manifest of manifests) {
    assert.equal(manifest.version, version, String(manifest.name))
    const wanted = { ...(manifest.dependencies as object), ...(manifest.devDependencies as object) }
    for (const [name, range] of Object.entries(wanted))
      if (names.has(name)) assert.equal(range, version, `${manifest.name}: ${name}`)
  }
})

test('images, jobs and tarballs are named by that version, in every file', () => {
  const mentions = tree.files
    .filter((file) => /\.(md|ya?ml)$|Containerfile$/.test(file) && !file.endsWith('CHANGELOG.md'))
    .flatMap((file) => mentionedVersions(tree.read(file)).map((mentioned) => ({ file, mentioned })))
  assert.ok(mentions.length > 8)
  assert.deepEqual(
    mentions.filter(({ mentioned }) => mentioned !== version),
    [],
  )
})

test('a release renames them, and nothing else that looks like a version', () => {
  const before =
    'rustok-otlp-0.1.0.tgz rustok-lens:0.1.0 job/rustok-migrate-0-1-0 newTag: 0.1.0 | `OTEL_SERVICE_VERSION` | `0.1.0` | node:26.10.0'
  const after =
    'rustok-otlp-1.20.3.tgz rustok-lens:1.20.3 job/rustok-migrate-1-20-3 newTag: 1.20.3 | `OTEL_SERVICE_VERSION` | `0.1.0` | node:26.10.0'
  assert.equal(withVersion(before, '1.20.3'), after)
})

test('each part that somebody installs has the changes of that version, and each changeset names packages that there are', () => {
  for (const part of ['packages/otlp', 'packages/telemetry', 'apps/server', 'apps/lens']) {
    assert.match(
      tree.read(`${part}/CHANGELOG.md`),
      new RegExp(`^## ${version.replaceAll('.', '\\.')}$`, 'm'),
      part,
    )
  }
  const names = new Set(manifests.map(({ name }) => name))
  for (const file of tree.files.filter((name) => /^\.changeset\/.+\.md$/.test(name))) {
    const [, front = '', said = ''] = /^---\n(.*?)\n---\n(.*)$/s.exec(tree.read(file)) ?? []
    const bumps = Object.entries(parse(front) as Record<string, string>)
    assert.ok(bumps.length > 0 && said.trim() !== '', file)
    for (const [name, bump] of bumps) {
      assert.ok(names.has(name), `${file}: there is no ${name}`)
      assert.ok(['major', 'minor', 'patch'].includes(bump), `${file}: ${bump}`)
    }
  }
})
