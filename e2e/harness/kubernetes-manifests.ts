/** The manifests of deploy/kubernetes as kustomize puts them together: the base, and the overlay's patches over it. Called by tests of manifests. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { root } from './app-process.ts'
import type { AnyManifest } from './kubernetes-types.ts'

export interface NamedManifest extends AnyManifest {
  readonly metadata: { readonly name: string }
  readonly spec?: unknown
}

interface Operation {
  readonly op: string
  readonly path: string
  readonly value?: unknown
}

interface Kustomization {
  readonly resources: readonly string[]
  readonly patches?: readonly {
    readonly target: { readonly kind: string; readonly name: string }
    readonly patch: string
  }[]
}

const folder = join(root, 'deploy/kubernetes')
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')

export function manifestsIn(file: string): readonly NamedManifest[] {
  return parseAllDocuments(read(file)).map((document) => document.toJS())
}

export function baseManifests(): readonly NamedManifest[] {
  const { resources } = parse(read('base/kustomization.yaml')) as Kustomization
  return resources.flatMap((file) => manifestsIn(`base/${file}`))
}

export function clickhouseManifests(): readonly NamedManifest[] {
  const manifests = baseManifests()
  const { patches = [] } = parse(read('clickhouse/kustomization.yaml')) as Kustomization
  for (const { target, patch } of patches) {
    const manifest = manifests.find(
      ({ kind, metadata }) => kind === target.kind && metadata.name === target.name,
    )
    if (manifest === undefined) throw new Error(`a patch of no manifest: ${target.kind} ${target.name}`)
    for (const operation of parse(patch) as readonly Operation[]) apply(operation, manifest)
  }
  return manifests
}

/** RFC 6902's add, remove and replace, which are all that the overlay has. */
function apply({ op, path, value }: Operation, manifest: object): void {
  const keys = path.split('/').slice(1)
  const last = keys.pop()
  if (last === undefined) throw new Error(`a patch of a whole manifest: ${path}`)
  const parent = keys.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], manifest)
  if (Array.isArray(parent) && last === '-' && op === 'add') parent.push(value)
  else if (Array.isArray(parent)) throw new Error(`${op} within a list: ${path}`)
  else if (op === 'remove') delete (parent as Record<string, unknown>)[last]
  else if (op === 'add' || op === 'replace') (parent as Record<string, unknown>)[last] = value
  else throw new Error(`no such operation: ${op}`)
}
