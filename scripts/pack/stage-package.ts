/** Lays one package out as its users get it: dist/, dist/types/, package.json, README, CHANGELOG, LICENSE. Called by pack.ts. */
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { bundle } from './bundle.ts'
import { compile } from './compile.ts'
import { entriesOf, publishedManifest, type SourceManifest } from './published-manifest.ts'

export interface Staging {
  /** Of the repository. */
  readonly root: string
  /** A temporary folder; packages staged before this one stand there, for its types. */
  readonly stage: string
  /** The folder in packages/. */
  readonly name: string
}

export async function stagePackage({ root, stage, name }: Staging): Promise<string> {
  const source = join(root, 'packages', name)
  const folder = join(stage, name)
  const compiled = join(stage, `${name}-compiled`)
  mkdirSync(folder)
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as SourceManifest
  await compile({
    root,
    stage,
    source: join(source, 'src'),
    to: compiled,
    typesTo: join(folder, 'dist/types'),
  })
  // A worker is started by the address of its file, so it keeps a file of its own, beside what starts it.
  const workers = globSync('**/*-worker.js', { cwd: compiled }).map((file) => [basename(file, '.js'), file])
  const entries = Object.entries(entriesOf(manifest)).map(([entry, file]) => [
    entry,
    file.replace(/\.ts$/, '.js'),
  ])
  await bundle(compiled, Object.fromEntries([...entries, ...workers]), join(folder, 'dist'))
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify(publishedManifest(manifest), undefined, 2)}\n`,
  )
  for (const page of ['README.md', 'CHANGELOG.md']) cpSync(join(source, page), join(folder, page))
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  return folder
}
