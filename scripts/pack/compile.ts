/** Compiles a package's sources with `tsc`: JavaScript for the bundler, and the types that are published beside it. */
import { globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runTool } from '../check/run-tool.ts'

export interface Compilation {
  readonly root: string
  readonly stage: string
  /** Folder of the sources. */
  readonly source: string
  readonly to: string
  readonly typesTo: string
}

export async function compile({ root, stage, source, to, typesTo }: Compilation): Promise<void> {
  const config = join(stage, 'tsconfig.json')
  const settings = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      // What is newer than the oldest Node is left to the bundler: TypeScript 7.0 breaks classes that make themselves in a static field
      // when it has to lower anything.
      target: 'esnext',
      rootDir: source,
      outDir: to,
      typeRoots: [join(root, 'node_modules/@types')],
      // The types of the workspaces' packages as they are published, not their sources, which would be compiled into this one.
      paths: { '@rustok/*': [join(stage, '*/dist/types/index.d.ts')] },
    },
    include: [source],
  }
  writeFileSync(config, JSON.stringify(settings))
  const { passed, output } = await runTool('tsc', ['-p', config])
  if (!passed) throw new Error(`${source} does not compile:\n${output}`)
  for (const file of globSync('**/*.d.ts', { cwd: to })) {
    const target = join(typesTo, file)
    mkdirSync(dirname(target), { recursive: true })
    renameSync(join(to, file), target)
    writeFileSync(target, withPublishedNames(readFileSync(target, 'utf8')))
  }
}

/** `tsc` leaves the endings of sources in declarations; there are no sources beside them. */
function withPublishedNames(declaration: string): string {
  return declaration.replace(/((?:from|import) ?\(?)'(\.{1,2}\/[^']+)\.ts'/g, "$1'$2.js'")
}
