/**
 * `npm run pack`: the packages that are published, as tarballs. In the repository their sources run as they are; what is published is
 * compiled, bundled and has a package.json whose exports point there. `npm publish` takes the tarballs.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readArguments } from './arguments.ts'
import { packFolder } from './pack/npm-pack.ts'
import { stagePackage } from './pack/stage-package.ts'

const help = `npm run pack [-- --to <folder>]

  --to <folder>   where the tarballs go (dist)

Packs @rustok/otlp and @rustok/telemetry.`

/** In the order in which they depend on each other. */
const published = ['otlp', 'telemetry']

const { values } = readArguments('npm run pack', help, { options: { to: { type: 'string' } } })
const root = join(import.meta.dirname, '..')
const destination = resolve(values.to ?? join(root, 'dist'))
mkdirSync(destination, { recursive: true })
const stage = mkdtempSync(join(tmpdir(), 'rustok-pack-'))
try {
  for (const name of published) {
    const folder = await stagePackage({ root, stage, name })
    const { filename, size } = await packFolder(folder, destination)
    console.log(`${join(destination, filename)}  ${Math.round(size / 1024)} kB`)
  }
} finally {
  rmSync(stage, { recursive: true, force: true })
}
