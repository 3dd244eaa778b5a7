/**
 * The demo access of the running server, left for `npm run traffic` by `npm start`. It holds tokens: its owner alone may read
 * it, and it goes when the server goes.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DemoTenant } from './addresses.ts'

export interface DemoFile {
  readonly server: string
  readonly lens: string
  readonly tenants: readonly DemoTenant[]
}

export function demoFilePath(dataDir: string): string {
  return join(dataDir, 'demo.json')
}

export function writeDemoFile(dataDir: string, demo: DemoFile): void {
  const path = demoFilePath(dataDir)
  // A new file, so that the mode holds whatever was there before; renamed, so that nobody reads half of it.
  const draft = `${path}.${process.pid}`
  rmSync(draft, { force: true })
  writeFileSync(draft, `${JSON.stringify(demo, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(draft, path)
}

export function removeDemoFile(dataDir: string): void {
  rmSync(demoFilePath(dataDir), { force: true })
}

/** Undefined when no server left one. */
export function readDemoFile(dataDir: string): DemoFile | undefined {
  try {
    return JSON.parse(readFileSync(demoFilePath(dataDir), 'utf8')) as DemoFile
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
