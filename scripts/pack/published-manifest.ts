/**
 * The package.json that is published, from the one in the repository: exports that point to dist/ instead of src/, and nothing that only
 * the repository needs.
 */

export interface SourceManifest {
  readonly name: string
  readonly version: string
  /** By subpath, the source file: `"./register": "./src/register.ts"`. */
  readonly exports: Readonly<Record<string, string>>
  readonly [key: string]: unknown
}

/** Entry names, as files of dist/ without their ending, with the source below src/. */
export function entriesOf({ name, exports }: SourceManifest): Readonly<Record<string, string>> {
  const entries = Object.entries(exports).map(([subpath, file]) => {
    const source = /^\.\/src\/(.+\.ts)$/.exec(file)?.[1]
    if (source === undefined) throw new Error(`${name} exports ${file}, which is no source below src/`)
    return [entryName(subpath), source] as const
  })
  return Object.fromEntries(entries)
}

function entryName(subpath: string): string {
  return subpath === '.' ? 'index' : subpath.slice('./'.length)
}

export function publishedManifest(manifest: SourceManifest): Record<string, unknown> {
  const { devDependencies: _, scripts: __, private: ___, exports: sources, ...kept } = manifest
  const exports = Object.fromEntries(
    Object.entries(sources).map(([subpath, file]) => [
      subpath,
      {
        types: file.replace(/^\.\/src\/(.+)\.ts$/, './dist/types/$1.d.ts'),
        // One file for `import` and `require`: Node loads ES modules without top-level await for both.
        default: `./dist/${entryName(subpath)}.js`,
      },
    ]),
  )
  return {
    ...kept,
    // For tools that do not read `exports`.
    main: './dist/index.js',
    types: './dist/types/index.d.ts',
    exports: { ...exports, './package.json': './package.json' },
    // Importing register starts tracing; everything else may be dropped when nothing of it is used.
    sideEffects: Object.keys(sources).includes('./register') ? ['./dist/register.js'] : false,
    files: ['dist', 'CHANGELOG.md'],
  }
}
