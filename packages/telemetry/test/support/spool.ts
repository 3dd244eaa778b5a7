/** A directory for a spool, and a look at what is in it, both gone when the test ends. */
import { type Dirent, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OtelConfigFields } from '../../src/config.ts'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { atEnd } from './delivery.ts'
import { pipelineTo, type TestPipeline, until } from './pipeline.ts'

export function spoolDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rustok-spool-'))
  atEnd(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Every file below a directory, without the owners' locks. Others may be at work in it. */
export function filesIn(directory: string): string[] {
  const found: string[] = []
  for (const entry of entriesOf(directory)) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) found.push(...filesIn(path))
    else if (!entry.isSocket()) found.push(path)
  }
  return found.sort()
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
}

export const segmentsIn = (directory: string) => filesIn(directory).filter((name) => name.endsWith('.spool'))
export const badFilesIn = (directory: string) => filesIn(directory).filter((name) => name.endsWith('.bad'))

/** A port where nobody listens. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

export interface SpooledPipeline extends TestPipeline {
  readonly directory: string
  readonly port: number
}

/** A pipeline with a spool to a port where nobody listens yet. */
export async function away(fields: Partial<OtelConfigFields> = {}): Promise<SpooledPipeline> {
  const port = await freePort()
  const directory = fields.spoolDirectory ?? spoolDirectory()
  const pipeline = spooling(port, { ...fields, spoolDirectory: directory })
  return { ...pipeline, directory, port }
}

/** A pipeline with a spool to this port, shut down at the end of the test. */
export function spooling(
  port: number,
  fields: Partial<OtelConfigFields> & { spoolDirectory: string },
): TestPipeline {
  const pipeline = pipelineTo(`http://127.0.0.1:${port}`, { shutdownTimeout: 1000, ...fields })
  atEnd(() => pipeline.pipeline.shutdown())
  return pipeline
}

/** Ends spans and waits until they are on disk. */
export async function spool(pipeline: TestPipeline, count: number, name = 's'): Promise<void> {
  const before = onDisk(pipeline.ledger())
  pipeline.emit(count, name)
  void pipeline.pipeline.flush()
  await until(() => onDisk(pipeline.ledger()) >= before + count, `${count} spans on disk`)
}

const onDisk = ({ spooled }: LedgerSnapshot) => spooled
