/**
 * Joins a package's compiled modules into few files: a module costs half a millisecond to find and link, and these packages have a
 * hundred. Names and comments stay, so that a stack trace and a debugger show what was written.
 */
import { rolldown } from 'rolldown'
import { builtinsWithoutImports } from './builtins.ts'

/** `entries` are files below `compiled` by the name of the file that they become in `to`. */
export async function bundle(
  compiled: string,
  entries: Readonly<Record<string, string>>,
  to: string,
): Promise<void> {
  const build = await rolldown({
    cwd: compiled,
    input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, `./${file}`])),
    // Packages stay imports: their users' versions are used, and shared with them.
    external: /^(?!node:|\0)[^./]/,
    plugins: [builtinsWithoutImports()],
    treeshake: { propertyReadSideEffects: false },
    platform: 'node',
    transform: { target: 'node22.15' },
    onLog(level, { message }) {
      if (level === 'warn') throw new Error(`cannot bundle ${compiled}: ${message}`)
    },
  })
  await build.write({ dir: to, format: 'esm', chunkFileNames: 'shared-[name].js', minify: false })
  await build.close()
}
