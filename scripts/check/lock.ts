/**
 * The lock file, complete: `npm ci` refuses one that lacks a package somebody depends on, be it an optional one for another
 * platform. npm writes such a lock without a word when the registry does not have the package.
 */
import type { SourceTree } from './source-tree.ts'
import { type Fault, resultOf, type StepResult } from './step.ts'

const file = 'package-lock.json'

/**
 * Debts: optional packages without an entry that `npm ci` puts up with, because they hang on a dependency of production. Whoever
 * locks again where they are published gets them.
 */
const unpublished = ['@chdb/lib-darwin-arm64', '@chdb/lib-darwin-x64', '@chdb/lib-linux-arm64-gnu']

export function checkLock(tree: SourceTree): StepResult {
  return resultOf(lockFaults(tree))
}

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export function lockFaults(tree: SourceTree): readonly Fault[] {
  if (!tree.files.includes(file)) return []
  const source = tree.read(file)
  const { packages } = JSON.parse(source) as { readonly packages: Readonly<Record<string, LockedPackage>> }
  return Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !unpublished.includes(name) && !resolves(packages, path, name))
      .map((name) => ({
        file,
        line: lineOf(source, path),
        rule: 'lock',
        message: `${path} needs ${name}, which has no entry, so npm ci fails: pin a version whose packages are all published`,
      })),
  )
}

/** As Node finds a package: beside the one that needs it, or in a folder above. */
function resolves(packages: Readonly<Record<string, LockedPackage>>, from: string, name: string): boolean {
  for (let folder = from; ; folder = parentOf(folder)) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true
    if (folder === '') return false
  }
}

function parentOf(folder: string): string {
  return folder.slice(0, Math.max(0, folder.lastIndexOf('/')))
}

function lineOf(source: string, path: string): number {
  return source.slice(0, Math.max(0, source.indexOf(`"${path}": {`))).split('\n').length
}
