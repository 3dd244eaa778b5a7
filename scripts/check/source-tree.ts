/**
 * The repository as the checks see it: the files that git tracks or would track, and the packages they belong to. Tests of
 * the checks build small trees of their own.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'

export interface SourceTree {
  /** Relative to the root, with forward slashes, sorted. */
  readonly files: readonly string[]
  read(file: string): string
}

export interface Manifest {
  readonly name: string
  /** Folder relative to the root; empty for the root itself. */
  readonly folder: string
  readonly scripts: ReadonlySet<string>
  /** What its users get: dependencies, peers and optional ones. */
  readonly dependencies: ReadonlySet<string>
  readonly devDependencies: ReadonlySet<string>
  /** The keys of its `exports`; empty when nothing may be imported from it. */
  readonly entries: ReadonlySet<string>
}

export function readSourceTree(root = process.cwd()): SourceTree {
  // A file that was removed and not yet committed is still listed.
  const files = listFiles(root).filter((file) => existsSync(join(root, file)))
  return { files: files.sort(), read: (file) => readFileSync(join(root, file), 'utf8') }
}

function listFiles(root: string): string[] {
  try {
    const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return [...new Set(listed.split('\0'))].filter((file) => file !== '')
  } catch {
    // An unpacked archive: without git, nothing tells better what is generated than these names.
    const exclude = (path: string): boolean => /(^|\/)(node_modules|dist|\.rustok)$/.test(path)
    return globSync('**/*.*', { cwd: root, exclude }).map((file) => file.split(sep).join('/'))
  }
}

/** Deepest folder first, so that the first one that holds a file is the file's own. */
export function manifestsOf(tree: SourceTree): readonly Manifest[] {
  const manifests = tree.files
    .filter((file) => /(^|\/)package\.json$/.test(file))
    .map((file) => readManifest(tree, file))
  return manifests.sort((a, b) => b.folder.length - a.folder.length)
}

interface PackageJson {
  readonly name?: string
  readonly scripts?: object
  readonly dependencies?: object
  readonly devDependencies?: object
  readonly optionalDependencies?: object
  readonly peerDependencies?: object
  readonly exports?: string | Readonly<Record<string, unknown>>
}

function readManifest(tree: SourceTree, file: string): Manifest {
  const json = JSON.parse(tree.read(file)) as PackageJson
  const entries = typeof json.exports === 'string' ? ['.'] : Object.keys(json.exports ?? {})
  return {
    name: json.name ?? '',
    folder: file.replace(/\/?package\.json$/, ''),
    scripts: keys(json.scripts),
    dependencies: keys(json.dependencies, json.peerDependencies, json.optionalDependencies),
    devDependencies: keys(json.devDependencies),
    entries: new Set(entries),
  }
}

function keys(...objects: readonly (object | undefined)[]): ReadonlySet<string> {
  return new Set(objects.flatMap((object) => Object.keys(object ?? {})))
}

/** Whether a path lies in a folder; every path lies in the root, ''. */
export function isInside(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}
