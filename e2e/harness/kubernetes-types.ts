/**
 * Kubernetes' own schema over manifests, without a cluster: each is written down as a literal of the type that kubernetes-types (made of Kubernetes' OpenAPI
 * document) has for its kind, and the compiler says which fields are unknown, missing or of another type. Called by deployment.test.ts.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './app-process.ts'

export interface AnyManifest {
  readonly apiVersion: string
  readonly kind: string
}

/** What the compiler says of each manifest: no line where it is as Kubernetes wants it. */
export function schemaErrors(manifests: readonly AnyManifest[]): readonly (readonly string[])[] {
  const directory = mkdtempSync(join(tmpdir(), 'rustok-manifests-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
    const files = manifests.map((manifest, index) => {
      const file = `manifest-${index}.ts`
      writeFileSync(join(directory, file), sourceOf(manifest))
      return file
    })
    const compilerOptions = {
      ...{ module: 'esnext', moduleResolution: 'bundler', target: 'esnext' },
      ...{ strict: true, noEmit: true, types: [] },
    }
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    const { stdout, stderr, status } = spawnSync(
      join(root, 'node_modules/.bin/tsc'),
      ['--project', directory, '--pretty', 'false'],
      { cwd: directory, encoding: 'utf8' },
    )
    const lines = stdout.split('\n')
    const found = files.map((file) => lines.filter((line) => line.startsWith(`${file}(`)))
    // Whatever else it says is a fault of this file's, not of a manifest.
    if (status !== 0 && found.flat().length === 0) throw new Error(`${stdout}${stderr}`)
    return found
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** `apps/v1` is in apps/v1, `networking.k8s.io/v1` in networking/v1, `v1` in core/v1. */
function sourceOf(manifest: AnyManifest): string {
  const [group = '', version] = manifest.apiVersion.split('/')
  const path = version === undefined ? `core/${group}` : `${group.replace(/\.k8s\.io$/, '')}/${version}`
  const literal = JSON.stringify(manifest, undefined, 2)
  return `import type { ${manifest.kind} } from 'kubernetes-types/${path}'\nexport const manifest: ${manifest.kind} = ${literal}\n`
}
