/**
 * A PGlite in which nothing is yet, as a file that is made once: a start from it takes a quarter of the CPU of one that runs initdb, which was most of
 * what these tests took. What a first start does is tested in process.test.ts.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, openAsBlob, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'

const entry = import.meta.resolve('@electric-sql/pglite')
/** Of another version, another file: nobody starts from what an older one made. */
const { version } = JSON.parse(readFileSync(packageJsonOf(entry), 'utf8')) as { version: string }
const cache = fileURLToPath(new URL('../../../../node_modules/.cache/rustok', import.meta.url))
const file = path.join(cache, `pglite-${version}.tar.gz`)

let made: Promise<string> | undefined

/** For a database in memory. */
export async function emptyCluster(): Promise<Blob> {
  return openAsBlob(await emptyClusterFile())
}

/** For a server that keeps its data in `dataDir`, which need not be there yet. */
export async function unpackEmptyCluster(dataDir: string): Promise<void> {
  const directory = path.join(dataDir, 'server', 'pg')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  execFileSync('tar', ['-xzf', await emptyClusterFile(), '-C', directory])
}

function emptyClusterFile(): Promise<string> {
  made ??= existsSync(file) ? Promise.resolve(file) : make()
  return made
}

/** Several test files may be at it: each writes its own, and the last one's stays. */
async function make(): Promise<string> {
  mkdirSync(cache, { recursive: true })
  const pglite = await PGlite.create()
  const dump = await pglite.dumpDataDir('gzip')
  await pglite.close()
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, Buffer.from(await dump.arrayBuffer()))
  renameSync(draft, file)
  return file
}

function packageJsonOf(entry: string): string {
  return path.join(path.dirname(fileURLToPath(entry)), '..', 'package.json')
}
