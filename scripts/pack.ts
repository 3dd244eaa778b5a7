/**
 * `npm run pack`: the packages that are published, as tarballs. In the repository their sources run as they are; what is published is
 * compiled, bundled and has a package.json whose exports point there. `npm publish` takes the tarballs.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readArguments } from './arguments.ts'
import { packFolder } from './pack/npm-pack.ts'
import { reuse } from './pack/packed-before.ts'
import { stagePackage } from './pack/stage-package.ts'

const help = `npm run pack [-- --to <folder>] [--reuse]

  --to <folder>   where the tarballs go (dist)
  --reuse         takes those of an earlier --reuse, if the sources are the same: for tests

Packs @rustok/otlp and @rustok/telemetry.`

/** In the order in which they depend on each other. */
const published = ['otlp', 'telemetry']

const { values } = readArguments('npm run pack', help, {
  options: { to: { type: 'string' }, reuse: { type: 'boolean', default: false } },
})
const root = join(import.meta.dirname, '..')
const destination = resolve(values.to ?? join(root, 'dist'))
mkdirSync(destination, { recursive: true })
await (values.reuse ? reuse(root, destination, packInto) : packInto(destination))

async function packInto(folder: string): Promise<void> {
  const stage = mkdtempSync(join(tmpdir(), 'rustok-pack-'))
  try {
    for (const name of published) {
      const staged = await stagePackage({ root, stage, name })
      const { filename, size } = await packFolder(staged, folder)
      console.log(`${join(folder, filename)}  ${Math.round(size / 1024)} kB`)
    }
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}
